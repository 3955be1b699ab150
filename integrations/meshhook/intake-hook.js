/**
 * A SvelteKit server hook that reports rejected deliveries: MeshHook stores nothing about them.
 *
 * It looks at the status of answers, and at nothing else: bodies stay unread, headers unchanged,
 * errors are thrown on as they are. SvelteKit refuses some requests before any hook runs (a form
 * without a matching Origin: 403); those are seen where Node's HTTP server ends its answers.
 */

import diagnostics from 'node:diagnostics_channel';

import { sharedEmitter } from './alerts-emitter.js';
import { pathPattern } from './lib/paths.js';
import { Rejections } from './lib/rejections.js';
import { textOf } from './lib/report.js';

/**
 * @typedef {object} HookOptions
 * @property {{report: (report: any) => void}} [emitter] the process's own unless given
 * @property {string} [path] the intake's route: '/api/hooks/[slug]'
 * @property {(status: number, slug: string) => boolean} [ignore] answers not to report
 * @property {Record<number, string>} [reasons] other reasons for some statuses
 * @property {number} [unknownSlugs] unknown slugs named in one minute (30); further ones are
 *   reported together, so that a scanner cannot fill the alert log with names it made up
 * @property {boolean} [beforeHooks] whether to see what is refused before hooks run (true)
 */

/** @typedef {{event: any, resolve: (event: any, options?: any) => any}} HandleInput */
/** @typedef {(input: HandleInput) => any} Handle */

/** @type {WeakMap<object, string>} What went wrong with a request, as `handleError` was told. */
const errors = new WeakMap();

/**
 * @param {Handle} [handle] the hook there is already
 * @param {HookOptions} [options]
 * @returns {Handle}
 */
export function withAlerts(handle, options = {}) {
	const inner = handle ?? (({ event, resolve }) => resolve(event));
	const rejections = new Rejections(options.emitter ?? sharedEmitter(), options);
	const slugIn = pathPattern(options.path ?? '/api/hooks/[slug]');
	const server = options.beforeHooks === false ? null : watchServer(slugIn, rejections);
	return function handleWithAlerts(input) {
		const slug = quietly(() => slugIn(input.event.url.pathname));
		if (slug === undefined) return inner(input);
		quietly(() => server?.leave(input.event));
		return watched(inner, input, slug, rejections);
	};
}

/**
 * For `handleError`: keeps what went wrong, so that a report of HTTP 500 can say it.
 * @param {(input: any) => any} [handleError] the hook there is already
 */
export function withErrors(handleError) {
	return function handleErrorWithAlerts(/** @type {any} */ input) {
		quietly(() => errors.set(input.event.request, textOf(input.error)));
		return handleError?.(input);
	};
}

/**
 * @param {Handle} inner
 * @param {HandleInput} input
 * @param {string} slug
 * @param {Rejections} rejections
 */
async function watched(inner, input, slug, rejections) {
	try {
		const response = await inner(input);
		quietly(() => {
			const { request } = input.event;
			rejections.answered(slug, response.status, request.method, errors.get(request));
		});
		return response;
	} catch (thrown) {
		quietly(() => rejections.threw(slug, thrown, input.event.request.method));
		throw thrown;
	}
}

/**
 * Watches Node's HTTP server for answers to requests that no hook saw.
 * @param {(pathname: string) => string | undefined} slugIn
 * @param {Rejections} rejections
 */
function watchServer(slugIn, rejections) {
	/** @type {WeakSet<object>} */
	const seen = new WeakSet();
	let able = true;
	const onFinish = (/** @type {any} */ { request, response }) =>
		quietly(() => {
			if (!able || response.statusCode < 300 || seen.has(request)) return;
			const slug = slugIn(request.url.split('?', 1)[0]);
			if (slug !== undefined) rejections.answered(slug, response.statusCode, request.method);
		});
	quietly(() => diagnostics.subscribe('http.server.response.finish', onFinish));
	return {
		/** A hook has this request. Without its Node request nothing could be told apart: stop. */
		leave(/** @type {any} */ event) {
			const request = event.platform?.req;
			if (request) seen.add(request);
			else able = false;
		}
	};
}

/**
 * Whatever goes wrong in here is no business of the request's.
 * @template T
 * @param {() => T} work
 * @returns {T | undefined}
 */
function quietly(work) {
	try {
		return work();
	} catch {
		return undefined;
	}
}
