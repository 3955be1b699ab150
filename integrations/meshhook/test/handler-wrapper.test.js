import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wrapHandler } from '../handler-wrapper.js';
import { notes } from './service.js';

const RUN = '0f5c9b1e-6a0e-4f6e-8a53-0c8b2a6c1f11';
const boom = new RangeError('out of range');

test('this, arguments, result, name and length stay as they are', async () => {
	const emitter = notes();
	class Worker {
		factor = 3;
	}
	/** @this {any} @param {number} a @param {number} b */
	function multiply(a, b) {
		return this.factor * a * b;
	}
	const worker = Object.assign(new Worker(), {
		now: wrapHandler('now', multiply, { emitter }),
		later: wrapHandler('later', async (/** @type {number} */ a) => a + 1, { emitter })
	});
	assert.equal(worker.now(2, 5), 30);
	assert.equal(await worker.later(1), 2);
	assert.deepEqual([worker.now.name, worker.now.length], ['multiply', 2]);
	const thenable = { then: () => assert.fail('a lazy query must not be started') };
	assert.equal(wrapHandler('lazy', () => thenable, { emitter })(), thenable);
	assert.deepEqual(emitter.reports, []);
});

test('an exception is reported with the ids of the message and thrown on', async () => {
	const emitter = notes();
	const options = { emitter };
	const sync = wrapHandler('orchestrate', () => { throw boom; }, options);
	const later = wrapHandler('step', async () => { throw boom; }, options);
	assert.throws(() => sync({ data: { run_id: RUN } }), (error) => error === boom);
	const job = { run_id: RUN, attempt: 2, node: { id: 'charge', type: 'http_call', config: { url: 'x' } } };
	await assert.rejects(later(job, 'extra'), (error) => error === boom);
	const blank = { project_id: undefined, workflow: undefined };
	assert.deepEqual(emitter.reports, [
		{ kind: 'handler_exception', ...blank, run_id: RUN, node_id: undefined, node_type: undefined,
			error: boom, labels: { handler: 'orchestrate', attempt: undefined } },
		{ kind: 'handler_exception', ...blank, run_id: RUN, node_id: 'charge', node_type: 'http_call',
			error: boom, labels: { handler: 'step', attempt: 2 } }
	]);
});

test('ids are found in every form a message has, and nothing else is sent', () => {
	const emitter = notes();
	const handler = wrapHandler('h', () => { throw boom; }, { emitter });
	const messages = [
		{ runId: RUN, nodeId: 'charge', body: { card: '4111' } },
		{ message: { run_id: RUN, project_id: 'p', node: 'charge', metadata: { secret: 's' } } },
		{ payload: { run_id: RUN, slug: 'orders', node: { id: 'charge' } } },
		null,
		'text',
		{ get data() { throw new Error('trap'); } }
	];
	for (const message of messages) assert.throws(() => handler(message), (error) => error === boom);
	const said = emitter.reports.map(({ run_id, node_id }) => [run_id, node_id]);
	assert.deepEqual(said, [...Array(3).fill([RUN, 'charge']), ...Array(3).fill([undefined, undefined])]);
	assert.ok(!/4111|secret/.test(JSON.stringify(emitter.reports)));
});

test('what else goes wrong leaves the error as it is', async () => {
	const report = () => { throw new Error('emitter'); };
	const describe = () => { throw new Error('describe'); };
	const handler = wrapHandler('h', async () => { throw undefined; }, { emitter: { report } });
	await assert.rejects(handler(), (error) => error === undefined);
	const emitter = notes();
	const other = wrapHandler('h', () => { throw boom; }, { emitter, describe });
	assert.throws(other, (error) => error === boom);
	assert.equal(emitter.reports.length, 1);
});

test('ids from elsewhere can be described', () => {
	const emitter = notes();
	const describe = (/** @type {any} */ _, /** @type {any} */ context) => ({ run_id: context.run });
	const handler = wrapHandler('h', () => { throw boom; }, { emitter, describe });
	assert.throws(() => handler({}, { run: RUN }), RangeError);
	assert.equal(emitter.reports[0].run_id, RUN);
});
