import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { sharedEmitter } from '../alerts-emitter.js';
import { SECRET, answering, eventually } from './service.js';
import { conserved, setUp } from './set-up.js';

test('reports arrive in the background, signed, in the shape the service documents', async () => {
	const { service, emitter } = await setUp();
	emitter.report({
		kind: 'circuit_open',
		workflow: 'orders',
		run_id: '0f5c9b1e-6a0e-4f6e-8a53-0c8b2a6c1f11',
		node_id: 'charge',
		error: new TypeError('open'),
		http_status: 503,
		severity: 'warning',
		labels: { reason: 'x', attempt: 3, nothing: undefined }
	});
	assert.equal(service.received.length, 0);
	await eventually(() => emitter.stats().delivered === 1);
	const { headers, body, raw } = service.received[0];
	const { id, occurred_at, ...rest } = body.failures[0];
	assert.match(id, /^[0-9a-f-]{36}$/);
	assert.ok(Math.abs(Date.parse(occurred_at) - Date.now()) < 5000);
	assert.deepEqual(rest, {
		kind: 'circuit_open',
		workflow: 'orders',
		run_id: '0f5c9b1e-6a0e-4f6e-8a53-0c8b2a6c1f11',
		node_id: 'charge',
		error: 'TypeError: open',
		http_status: 503,
		severity: 'warning',
		labels: { reason: 'x', attempt: '3' },
		count: 1
	});
	const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
	const digest = createHmac('sha256', SECRET).update(signed).digest('base64');
	assert.equal(headers['webhook-signature'], `v1,${digest}`);
	conserved(emitter);
});

test('equal reports of an interval become one with a count, others do not', async () => {
	const { service, emitter } = await setUp();
	for (let i = 0; i < 250; i += 1) emitter.report({ kind: 'custom', workflow: 'orders' });
	emitter.report({ kind: 'custom', workflow: 'orders', count: 50 });
	emitter.report({ kind: 'custom', workflow: 'invoices' });
	emitter.report({ kind: 'custom', workflow: 'orders', id: 'mine' });
	emitter.report({ kind: 'custom', workflow: 'orders', id: 'mine' });
	await eventually(() => emitter.stats().buffered === 0);
	assert.deepEqual(
		service.failures.map((each) => [each.workflow, each.count]),
		[['orders', 300], ['invoices', 1], ['orders', 1], ['orders', 1]]
	);
	assert.equal(emitter.stats().coalesced, 299);
	conserved(emitter);
	emitter.report({ kind: 'custom', workflow: 'orders' });
	await eventually(() => service.failures.length === 5);
});

test('a count stops where the service would refuse it', async () => {
	const { service, emitter } = await setUp();
	for (const count of [999_999, 5, 2_000_000]) emitter.report({ kind: 'custom', count });
	await emitter.flush();
	const counts = service.failures.map((each) => each.count);
	assert.deepEqual(counts.sort((a, b) => a - b), [5, 999_999, 1_000_000]);
	conserved(emitter);
});

test('the buffer is bounded: the newest are let go, and counted', async () => {
	const { service, emitter } = await setUp({ capacity: 10, flushMs: 10_000 });
	for (let i = 0; i < 1000; i += 1) emitter.report({ kind: 'custom', error: `error ${i}` });
	emitter.report({ kind: 'custom', error: 'error 3' });
	const { entries, dropped, coalesced } = emitter.stats();
	assert.deepEqual([entries, dropped, coalesced], [10, 990, 1]);
	await emitter.flush();
	assert.equal(service.failures[0].error, 'error 0');
	assert.equal(service.failures.length, 10);
	conserved(emitter);
});

test('a thousand go in batches of a hundred', async () => {
	const { service, emitter } = await setUp({ capacity: 1000 });
	for (let i = 0; i < 1000; i += 1) emitter.report({ kind: 'custom', error: `error ${i}` });
	await eventually(() => emitter.stats().delivered === 1000);
	assert.deepEqual(service.received.map((each) => each.body.failures.length), Array(10).fill(100));
});

test('long texts are clipped between characters, and a full batch stays below 2 MB', async () => {
	const { service, emitter } = await setUp({ capacity: 100 });
	const labels = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, '語'.repeat(500)]));
	for (let i = 0; i < 100; i += 1) {
		emitter.report({ kind: 'custom', error: `${i}${'語'.repeat(1997)}😀 and more`, labels });
	}
	await emitter.flush();
	assert.equal(emitter.stats().delivered, 100);
	assert.ok(service.received.every(({ raw }) => Buffer.byteLength(raw) < 2_000_000));
	const { error, labels: sent } = service.failures[0];
	assert.ok(error.length <= 2000 && error.endsWith('語…'), error.slice(-3));
	assert.equal(Object.keys(sent).length, 10);
	assert.equal(sent.l0.length, 200);
});

test('whatever it is given, report returns and nothing is thrown', async () => {
	const { service, emitter } = await setUp();
	const trap = { get kind() { throw new Error('trap'); } };
	const unprintable = { toString() { throw new Error('no'); } };
	const cyclic = /** @type {any} */ ({});
	cyclic.self = cyclic;
	const odd = [undefined, null, 7, 'text', Symbol('s'), trap, { kind: unprintable }, { labels: 'x' },
		{ error: unprintable, kind: 'custom' }, { error: cyclic }, { error: 10n }, { labels: { a: cyclic } },
		{ project_id: 'no uuid', run_id: 7, http_status: 9000, severity: 'loud', count: NaN }, {}];
	for (const each of odd) assert.equal(emitter.report(/** @type {any} */ (each)), undefined);
	await emitter.flush();
	conserved(emitter);
	assert.equal(emitter.stats().buffered, 0);
	const bare = service.failures.map((each) => Object.keys(each).sort().join());
	assert.ok(bare.includes('count,id,kind,occurred_at'), 'what cannot be used is left out');
});

test('without address or secret it is off: nothing is sent, and it says why', async () => {
	for (const options of [{ url: '' }, { url: 'alerts.example' }, { secret: '' }, { secret: 'short' }]) {
		const { service, emitter, logged } = await setUp(options);
		emitter.report({ kind: 'custom' });
		await emitter.flush();
		const { state, dropped, problem } = emitter.stats();
		assert.deepEqual([state, dropped, service.received.length], ['off', 1, 0]);
		assert.match(String(problem), /MESHHOOK_ALERTS_(URL|TRIGGER_SECRET)/);
		assert.equal(logged.length, 1);
	}
	assert.equal(sharedEmitter(), sharedEmitter());
	assert.equal(sharedEmitter().stats().state, 'off');
});

test('a secret in the standard form signs with the bytes it stands for', async () => {
	const key = Buffer.alloc(32, 7);
	const { service, emitter } = await setUp({ secret: `whsec_${key.toString('base64')} ${SECRET}` });
	emitter.report({ kind: 'custom' });
	await emitter.flush();
	const { headers, raw } = service.received[0];
	const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
	const digest = createHmac('sha256', key).update(signed).digest('base64');
	assert.equal(headers['webhook-signature'], `v1,${digest}`);
});

test('a report takes far less than a millisecond, the service away or not', async () => {
	const { emitter } = await setUp({ log: () => {} }, answering(500));
	const spent = [];
	for (let i = 0; i < 5000; i += 1) {
		const begin = process.hrtime.bigint();
		emitter.report({ kind: 'custom', workflow: `w${i % 700}`, error: 'Error: HTTP 503' });
		spent.push(Number(process.hrtime.bigint() - begin) / 1e6);
	}
	spent.sort((a, b) => a - b);
	assert.ok(spent[2500] < 0.1 && spent[4950] < 1, `median ${spent[2500]} ms, p99 ${spent[4950]} ms`);
});
