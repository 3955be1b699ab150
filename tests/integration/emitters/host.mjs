/**
 * A program that reports to a real service: `node host.mjs <what it does>`.
 * It prints a line when something is to be known outside, and its emitter's figures at the end.
 */

import { createServer } from 'node:http';

import { Emitter } from '../../../integrations/meshhook/alerts-emitter.js';
import { wrapHandler } from '../../../integrations/meshhook/handler-wrapper.js';
import { withAlerts } from '../../../integrations/meshhook/intake-hook.js';

const silent = { log: () => {} };

/** Intake as SvelteKit runs it, with our hook; `answer` is what the route answers. */
async function intake() {
	const emitter = new Emitter({ flushMs: 60_000 });
	const resolve = ({ url }) => {
		const status = Number(url.searchParams.get('answer'));
		if (status === 0) throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
		return new Response(null, { status });
	};
	const handle = withAlerts(({ event, resolve }) => resolve(event), { emitter });
	const server = createServer(async (request, response) => {
		const url = new URL(request.url, 'http://intake.example');
		const event = { url, request, platform: { req: request } };
		// SvelteKit refuses foreign forms before any hook runs.
		const foreign = request.headers['content-type'] === 'application/x-www-form-urlencoded';
		const answer = foreign
			? { status: 403 }
			: await Promise.resolve(handle({ event, resolve })).catch(() => ({ status: 500 }));
		response.writeHead(answer.status).end();
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	const address = `http://127.0.0.1:${server.address().port}/api/hooks`;
	const deliver = async (slug, answer, type = 'application/json') => {
		const headers = { 'content-type': type };
		const url = `${address}/${slug}?answer=${answer}`;
		return (await fetch(url, { method: 'POST', headers, body: '{"card": "not-for-alerts"}' })).status;
	};
	for (let i = 0; i < 12; i += 1) await deliver('orders', 401);
	await deliver('orders', 202);
	await deliver('orders', 0);
	await deliver('invoices', 413);
	await deliver('reports', 202, 'application/x-www-form-urlencoded');
	await deliver('no-such-flow', 404);
	server.close();
	return emitter.close();
}

/** A handler of the orchestrator fails on a run. */
async function handler() {
	const emitter = new Emitter({ flushMs: 50 });
	const options = { emitter };
	const step = wrapHandler('step', async () => { throw new Error('HTTP 503'); }, options);
	const data = { run_id: process.env.RUN_ID, node: { id: 'charge', type: 'http_call' } };
	await step({ data }).catch(() => {});
	return emitter.close();
}

/** The service is not there yet. */
async function early() {
	const log = (text) => console.log(text);
	const emitter = new Emitter({ flushMs: 50, maxBackoffMs: 200, log });
	for (let i = 0; i < 150; i += 1) {
		emitter.report({ kind: 'custom', workflow: 'orders', error: `Error: item ${i} failed` });
	}
	while (emitter.stats().buffered) await new Promise((done) => setTimeout(done, 50));
	return emitter.close();
}

/** The service takes the reports, but its first answers are lost on the way. */
async function deaf() {
	let lost = 0;
	const fetchBadly = async (url, options) => {
		const response = await fetch(url, options);
		await response.text();
		if (lost < 2) throw Object.assign(new Error(), { cause: { code: `LOST${(lost += 1)}` } });
		return fetch(url, options);
	};
	const emitter = new Emitter({ flushMs: 20, fetch: fetchBadly, ...silent });
	emitter.report({ kind: 'circuit_open', workflow: 'orders', error: 'Circuit breaker is OPEN' });
	emitter.report({ kind: 'circuit_open', workflow: 'invoices', error: 'Circuit breaker is OPEN' });
	return emitter.close(5000);
}

/** The operator has given it another secret. */
async function stranger() {
	const emitter = new Emitter({ flushMs: 20, ...silent });
	emitter.report({ kind: 'custom', workflow: 'orders' });
	while (emitter.stats().state === 'ok') await new Promise((done) => setTimeout(done, 5));
	const { state, problem } = emitter.stats();
	return { ...(await emitter.close(100)), state, problem };
}

const scenes = { intake, handler, early, deaf, stranger };
console.log(JSON.stringify(await scenes[process.argv[2]]()));
