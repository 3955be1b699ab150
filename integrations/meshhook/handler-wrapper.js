/**
 * Reports exceptions of event handlers, which MeshHook's workers catch and only print.
 *
 * The wrapped handler does what the handler does: the same `this`, arguments and result, and the
 * same error thrown. Of the message only ids are looked at.
 */

import { types } from 'node:util';

import { sharedEmitter } from './alerts-emitter.js';
import { idsIn } from './lib/message.js';

/**
 * @typedef {object} HandlerOptions
 * @property {{report: (report: any) => void}} [emitter] the process's own unless given
 * @property {(...args: any[]) => import('./lib/message.js').Ids} [describe] finds the ids, where
 *   they stand elsewhere than in the first argument
 */

/**
 * @template {(this: any, ...args: any[]) => any} Handler
 * @param {string} name what the handler is called in reports
 * @param {Handler} fn
 * @param {HandlerOptions} [options]
 * @returns {Handler}
 */
export function wrapHandler(name, fn, options = {}) {
	const tell = teller(name, options);
	/** @this {any} */
	function handler(/** @type {any[]} */ ...args) {
		let result;
		try {
			result = fn.apply(this, args);
		} catch (error) {
			tell(error, args);
			throw error;
		}
		return types.isPromise(result) ? result.catch(rethrowing(tell, args)) : result;
	}
	for (const key of /** @type {const} */ (['name', 'length'])) {
		Object.defineProperty(handler, key, { value: fn[key], configurable: true });
	}
	return /** @type {Handler} */ (/** @type {unknown} */ (handler));
}

/**
 * Thrown on, so that a rejection nobody handles is still one.
 * @param {(error: unknown, args: any[]) => void} tell
 * @param {any[]} args
 */
function rethrowing(tell, args) {
	return (/** @type {unknown} */ error) => {
		tell(error, args);
		throw error;
	};
}

/**
 * @param {string} name
 * @param {HandlerOptions} options
 */
function teller(name, options) {
	const emitter = options.emitter ?? sharedEmitter();
	const describe = options.describe ?? ((/** @type {any[]} */ ...args) => idsIn(args[0]));
	return (/** @type {unknown} */ error, /** @type {any[]} */ args) => {
		try {
			const { attempt, ...ids } = found(describe, args);
			const labels = { handler: name, attempt };
			emitter.report({ kind: 'handler_exception', ...ids, error, labels });
		} catch {
			// the handler's own error is the one that counts
		}
	};
}

/**
 * @param {(...args: any[]) => any} describe
 * @param {any[]} args
 * @returns {import('./lib/message.js').Ids}
 */
function found(describe, args) {
	try {
		return describe(...args) ?? {};
	} catch {
		return {};
	}
}
