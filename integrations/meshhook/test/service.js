/** A service on loopback that keeps what it is sent and answers as it is told. */

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

export const SECRET = randomBytes(24).toString('hex');

/**
 * @typedef {{headers: any, body: any, raw: string}} Received
 * @param {(received: Received, response: import('node:http').ServerResponse) => void} [answer]
 */
export async function aService(answer = taken) {
	/** @type {Received[]} */
	const received = [];
	const server = createServer(async (request, response) => {
		let raw = '';
		for await (const chunk of request) raw += chunk;
		const one = { headers: request.headers, body: JSON.parse(raw), raw };
		received.push(one);
		service.answer(one, response);
	});
	await listen(server, 0);
	const { port } = /** @type {any} */ (server.address());
	const service = {
		received,
		answer,
		url: `http://127.0.0.1:${port}`,
		/** All failures, in order. */
		get failures() {
			return received.flatMap((each) => each.body.failures);
		},
		async stop() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
		start: () => listen(server, port)
	};
	return service;
}

/** @param {import('node:http').Server} server @param {number} port */
const listen = (server, port) =>
	new Promise((done) => server.listen(port, '127.0.0.1', () => done(undefined)));

/** @param {Received} received @param {import('node:http').ServerResponse} response */
export function taken({ body }, response) {
	const accepted = body.failures.length;
	response.writeHead(202, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ accepted, duplicates: 0, unattributed: 0 }));
}

/** @param {number} status @param {string} [body] @param {Record<string, string>} [headers] */
export const answering = (status, body = '', headers = {}) =>
	(/** @type {any} */ _, /** @type {any} */ response) => {
		response.writeHead(status, headers);
		response.end(body);
	};

/** @param {() => boolean} check */
export async function eventually(check, ms = 5000) {
	const end = Date.now() + ms;
	while (!check()) {
		if (Date.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
		await new Promise((done) => setTimeout(done, 5));
	}
}

/** An emitter that only notes. */
export function notes() {
	/** @type {any[]} */
	const reports = [];
	return { reports, report: (/** @type {any} */ report) => reports.push(report) };
}
