import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { SECRET, aService } from './service.js';

const EMITTER = new URL('../alerts-emitter.js', import.meta.url).href;

/** Runs a program of its own that reports, and tells how long it lived. */
async function program(/** @type {string} */ url, /** @type {string} */ code) {
	const begin = Date.now();
	const source = `import { Emitter } from '${EMITTER}'; const emitter = new Emitter(); ${code}`;
	const { stdout, stderr } = await promisify(execFile)(
		process.execPath,
		['--input-type=module', '-e', source],
		{ env: { MESHHOOK_ALERTS_URL: url, MESHHOOK_ALERTS_TRIGGER_SECRET: SECRET } }
	);
	return { stdout, stderr, ms: Date.now() - begin };
}

test('a program that ends sends what it has reported first', async () => {
	const service = await aService();
	await program(service.url, `emitter.report({ kind: 'custom', workflow: 'orders' });`);
	assert.deepEqual(service.failures.map((each) => each.workflow), ['orders']);
	await service.stop();
});

test('a program ends soon although the service is away, and says so once', async () => {
	const { ms, stderr } = await program(
		'http://127.0.0.1:9',
		`emitter.report({ kind: 'custom' }); setTimeout(() => {}, 300);`
	);
	assert.ok(ms < 8000, `${ms} ms`);
	assert.equal(stderr.match(/MeshHook Alerts: /g)?.length, 1, stderr);
	assert.ok(!stderr.includes(SECRET));
});

test('an emitter alone keeps no program alive', async () => {
	const service = await aService();
	const { ms } = await program(service.url, '');
	assert.ok(ms < 3000, `${ms} ms`);
	await service.stop();
});

test('a rejection that nobody handles stays one', async () => {
	const wrapper = new URL('../handler-wrapper.js', import.meta.url).href;
	const code = `const { wrapHandler } = await import('${wrapper}');
		wrapHandler('h', async () => { throw new Error('boom'); }, { emitter })();`;
	await assert.rejects(program('http://127.0.0.1:9', code), /Error: boom/);
});
