import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';

import { withAlerts, withErrors } from '../intake-hook.js';
import { notes } from './service.js';

/** An event as SvelteKit makes it; touching its body is an error. */
function anEvent(path = '/api/hooks/orders', method = 'POST', req = {}) {
	const untouchable = () => assert.fail('the request must stay unread');
	return {
		url: new URL(path, 'https://meshhook.example'),
		request: { method, text: untouchable, clone: untouchable, get body() { return untouchable(); } },
		platform: { req }
	};
}

/** @param {number} status */
function resolving(status) {
	/** @type {ProxyHandler<any>} */
	const onlyStatus = {
		get(_, name) {
			if (name === 'status') return status;
			return name === 'then' ? undefined : assert.fail(`${String(name)} was looked at`);
		}
	};
	return async () => new Proxy({}, onlyStatus);
}

function setUp(options = {}, /** @type {any} */ inner = undefined) {
	const emitter = notes();
	const handle = withAlerts(inner, { emitter, beforeHooks: false, ...options });
	return { reports: emitter.reports, handle };
}

test('rejections are reported with slug, status and reason; the response is handed on', async () => {
	const reasons = { 400: 'payload', 401: 'signature', 403: 'framework', 404: 'unknown_slug',
		405: 'framework', 413: 'payload', 415: 'payload', 422: 'payload', 429: 'rate_limit',
		418: 'framework', 500: 'exception', 503: 'exception', 301: 'framework' };
	for (const [status, reason] of Object.entries(reasons)) {
		const { reports, handle } = setUp();
		const response = await resolving(Number(status))();
		assert.equal(await handle({ event: anEvent(), resolve: async () => response }), response);
		assert.equal(reports.length, 1);
		const { error, ...rest } = reports[0];
		assert.match(error, new RegExp(`^Delivery rejected with HTTP ${status}: \\w`));
		assert.deepEqual(rest, {
			kind: 'intake_rejected',
			workflow: 'orders',
			http_status: Number(status),
			severity: undefined,
			labels: { reason, method: 'POST' }
		});
	}
});

test('what is accepted, elsewhere or ignored is not reported', async () => {
	const ignore = (/** @type {number} */ status) => status === 405;
	const { reports, handle } = setUp({ ignore });
	for (const [path, status, method] of /** @type {const} */ ([
		['/api/hooks/orders', 202, 'POST'],
		['/api/hooks/orders', 308, 'GET'],
		['/api/hooks/orders', 405, 'GET'],
		['/api/hooks/orders/more', 500, 'POST'],
		['/api/hooks', 500, 'POST'],
		['/runs', 500, 'GET']
	])) {
		await handle({ event: anEvent(path, method), resolve: resolving(status) });
	}
	assert.deepEqual(reports, []);
});

test('the path and the reasons can be set; slugs are decoded', async () => {
	const { reports, handle } = setUp({ path: '/in.take/[slug]/x', reasons: { 403: 'signature' } });
	for (const path of ['/in.take/a%20b/x', '/in.take/%ff/x/', '/in_take/a/x']) {
		await handle({ event: anEvent(path), resolve: resolving(403) });
	}
	assert.deepEqual(reports.map((each) => each.workflow), ['a b', '%ff']);
	assert.equal(reports[0].labels.reason, 'signature');
});

test('the hook there is already is called as before, its own answers included', async () => {
	const input = { event: anEvent(), resolve: resolving(202) };
	/** @type {any[]} */
	const calls = [];
	const inner = async (/** @type {any} */ given) => {
		calls.push(given);
		return resolving(301)();
	};
	const { reports, handle } = setUp({}, inner);
	await handle(input);
	assert.equal(calls[0], input);
	assert.equal(reports[0].http_status, 301);
});

test('exceptions are reported and thrown on, the same object', async () => {
	const thrown = [new TypeError('no pool'), { status: 401, body: { message: 'no' } },
		{ status: 302, location: '/login' }, 'text', undefined];
	const { reports, handle } = setUp();
	for (const each of thrown) {
		const resolve = async () => { throw each; };
		await assert.rejects(handle({ event: anEvent(), resolve }), (error) => error === each);
	}
	assert.deepEqual(
		reports.map(({ http_status, labels, error }) => [http_status, labels.reason, error]),
		[
			[500, 'exception', 'Delivery rejected with HTTP 500: TypeError: no pool'],
			[401, 'signature', 'Delivery rejected with HTTP 401: the signature does not fit'],
			[302, 'framework', 'Delivery rejected with HTTP 302: it was redirected, and senders do not follow'],
			[500, 'exception', 'Delivery rejected with HTTP 500: text'],
			[500, 'exception', 'Delivery rejected with HTTP 500: undefined']
		]
	);
	const sync = () => { throw thrown[0]; };
	await assert.rejects(handle({ event: anEvent(), resolve: sync }), (error) => error === thrown[0]);
});

test('a look at the address with a browser is no more than a warning', async () => {
	const { reports, handle } = setUp();
	await handle({ event: anEvent('/api/hooks/orders', 'GET'), resolve: resolving(405) });
	assert.deepEqual([reports[0].severity, reports[0].labels.method], ['warning', 'GET']);
});

test('a report of HTTP 500 says what handleError was told', async () => {
	const { reports, handle } = setUp();
	const event = anEvent();
	const handleError = withErrors(({ message }) => ({ message }));
	const resolve = async () => {
		const input = { event, error: new Error('connect ECONNREFUSED'), status: 500, message: 'Internal' };
		assert.deepEqual(handleError(input), { message: 'Internal' });
		return resolving(500)();
	};
	await handle({ event, resolve });
	assert.match(reports[0].error, /HTTP 500: Error: connect ECONNREFUSED$/);
	assert.equal(withErrors()({ event: null, error: 1 }), undefined);
});

test('made-up slugs are named up to a limit, then reported together', async () => {
	const { reports, handle } = setUp({ unknownSlugs: 3 });
	for (let i = 0; i < 10; i += 1) {
		await handle({ event: anEvent(`/api/hooks/made-up-${i % 5}`), resolve: resolving(404) });
	}
	assert.deepEqual(reports.map((each) => each.workflow ?? '-'), [
		'made-up-0', 'made-up-1', 'made-up-2', '-', '-', 'made-up-0', 'made-up-1', 'made-up-2', '-', '-'
	]);
	assert.match(reports[3].error, /many unknown slugs/);
});

test('an emitter or event that fails harms no request', async () => {
	const emitter = { report: () => { throw new Error('emitter'); } };
	const handle = withAlerts(undefined, { emitter });
	const response = new Response(null, { status: 500 });
	const resolve = async () => response;
	assert.equal(await handle({ event: anEvent(), resolve }), response);
	assert.equal(await handle({ event: {}, resolve }), response);
});

test('what the server answers before any hook is seen, and nothing is counted twice', async () => {
	const emitter = notes();
	const handle = withAlerts(undefined, { emitter });
	const server = createServer(async (req, res) => {
		const early = req.headers['content-type'] === 'text/plain';
		const event = anEvent(req.url, req.method, req);
		res.statusCode = early ? 403 : (await handle({ event, resolve: resolving(401) })).status;
		res.end();
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
	const { port } = /** @type {any} */ (server.address());
	const send = (/** @type {string} */ type, path = '/api/hooks/orders?x=1') =>
		new Promise((done) =>
			request({ port, path, method: 'POST', headers: { 'content-type': type } }, (answer) =>
				answer.resume().on('end', () => setImmediate(done))
			).end()
		);
	await send('text/plain');
	await send('application/json');
	await send('text/plain', '/elsewhere');
	assert.deepEqual(emitter.reports.map((each) => each.http_status), [403, 401]);
	assert.equal(emitter.reports[0].workflow, 'orders');
	await new Promise((done) => server.close(done));
});

test('the hook adds well under a millisecond', async () => {
	const { handle } = setUp();
	const response = new Response(null, { status: 401 });
	const resolve = async () => response;
	const spent = [];
	for (let i = 0; i < 3000; i += 1) {
		const begin = process.hrtime.bigint();
		await handle({ event: anEvent(), resolve });
		spent.push(Number(process.hrtime.bigint() - begin) / 1e6);
	}
	spent.sort((a, b) => a - b);
	assert.ok(spent[1500] < 0.2 && spent[2970] < 1, `median ${spent[1500]} ms, p99 ${spent[2970]} ms`);
});
