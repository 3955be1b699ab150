import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { SECRET, answering, eventually, taken } from './service.js';
import { conserved, setUp } from './set-up.js';

const TROUBLES = {
	'answers 500': answering(500),
	'answers 401': answering(401, '{"code":"not_signed_in"}'),
	'answers 429': answering(429, '', { 'retry-after': '3600' }),
	'answers garbage with 200': answering(200, '<html>sign in</html>'),
	'answers garbage with 202': answering(202, '{"accepted":'),
	'redirects': answering(307, '', { location: 'http://127.0.0.1:9/' }),
	'hangs': () => {},
	'hangs up': (/** @type {any} */ _, /** @type {any} */ response) => response.socket.destroy(),
	'hangs in its answer': (/** @type {any} */ _, /** @type {any} */ response) => {
		response.writeHead(202);
		response.write('{"acc');
	}
};
for (const [trouble, answer] of Object.entries(TROUBLES)) {
	test(`a service that ${trouble} gets the same reports again later`, async () => {
		const { service, emitter, logged } = await setUp({}, answer);
		emitter.report({ kind: 'custom', error: 'first' });
		await eventually(() => service.received.length >= 2);
		emitter.report({ kind: 'custom', error: 'first' });
		assert.equal(emitter.stats().state, 'away');
		service.answer = taken;
		await eventually(() => emitter.stats().delivered === 2);
		const ids = service.failures.filter((each) => each.count === 1).map((each) => each.id);
		assert.equal(new Set(ids.slice(0, -1)).size, 1);
		assert.deepEqual(emitter.stats().state, 'ok');
		assert.equal(logged.length, 2, logged.join());
		assert.ok(!logged.join().includes(SECRET));
		conserved(emitter);
	});
}

test('a service that is down costs a bounded number of tries', async () => {
	const { service, emitter, logged } = await setUp({ flushMs: 10, maxBackoffMs: 200 });
	await service.stop();
	emitter.report({ kind: 'custom' });
	await new Promise((done) => setTimeout(done, 700));
	const { failedRequests, problem, buffered } = emitter.stats();
	assert.ok(failedRequests >= 4 && failedRequests <= 12, `${failedRequests} tries`);
	assert.deepEqual([problem, buffered], ['ECONNREFUSED', 1]);
	assert.deepEqual(logged, [
		'MeshHook Alerts: the service cannot be used (ECONNREFUSED); reports are kept'
	]);
	await service.start();
	await eventually(() => emitter.stats().delivered === 1);
});

test('what the service will never take is dropped, the rest of its batch is not', async () => {
	const { service, emitter } = await setUp({}, ({ body }, response) => {
		const errors = body.failures
			.map((/** @type {any} */ each, /** @type {number} */ at) => [each, at])
			.filter((/** @type {any[]} */ [each]) => each.kind === 'nonsense')
			.map((/** @type {any[]} */ [, at]) => ({ pointer: `/failures/${at}/kind`, detail: 'no' }));
		if (errors.length) answering(422, JSON.stringify({ errors }))(null, response);
		else taken(/** @type {any} */ ({ body }), response);
	});
	for (const kind of ['custom', 'nonsense', 'circuit_open', 'nonsense']) {
		emitter.report(/** @type {any} */ ({ kind, workflow: String(Math.random()) }));
	}
	await emitter.flush();
	const { delivered, refused, problem, buffered } = emitter.stats();
	assert.deepEqual([delivered, refused, buffered], [2, 2, 0]);
	assert.equal(problem, 'it answered 422 for /kind');
	assert.equal(service.received.length, 2);
	conserved(emitter);
});

test('a batch that is too large is halved', async () => {
	const { service, emitter } = await setUp({}, ({ body }, response) => {
		if (body.failures.length > 3) answering(413)(null, response);
		else taken(/** @type {any} */ ({ body }), response);
	});
	for (let i = 0; i < 10; i += 1) emitter.report({ kind: 'custom', error: `error ${i}` });
	await emitter.flush();
	assert.equal(emitter.stats().delivered, 10);
	assert.ok(service.received.length < 20);
});

test('close sends what is left, ends in time, and takes nothing more', async () => {
	const { service, emitter } = await setUp({ flushMs: 10_000 });
	emitter.report({ kind: 'custom' });
	assert.equal((await emitter.close()).delivered, 1);
	emitter.report({ kind: 'custom' });
	assert.deepEqual([emitter.stats().dropped, service.failures.length], [1, 1]);

	const hanging = await setUp({ flushMs: 10_000, timeoutMs: 60_000 }, () => {});
	hanging.emitter.report({ kind: 'custom' });
	const begin = Date.now();
	assert.equal((await hanging.emitter.close(200)).dropped, 1);
	assert.ok(Date.now() - begin < 1000);
	conserved(hanging.emitter);
});

test('a log that throws harms nobody, and no secret can be seen in an emitter', async () => {
	const log = () => { throw new Error('log'); };
	const { emitter } = await setUp({ log }, answering(500));
	emitter.report({ kind: 'custom' });
	await eventually(() => emitter.stats().state === 'away');
	const shown = inspect(emitter, { depth: 9, showHidden: true }) + JSON.stringify([emitter, emitter.stats()]);
	assert.ok(!shown.includes(SECRET));
});
