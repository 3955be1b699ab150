/** Which answers of the intake are rejections, and what to report of them. */

import { textOf } from './report.js';

/** @type {Record<number, [reason: string, words: string]>} */
const MEANING = {
	400: ['payload', 'the payload could not be used'],
	401: ['signature', 'the signature does not fit'],
	403: ['framework', 'the web framework refused it, as it does forms of another origin'],
	404: ['unknown_slug', 'no workflow has this slug'],
	405: ['framework', 'the method is not POST'],
	413: ['payload', 'the body is too large'],
	415: ['payload', 'the content type cannot be used'],
	422: ['payload', 'the payload could not be used'],
	429: ['rate_limit', 'too many deliveries']
};
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const MINUTE = 60_000;

export class Rejections {
	#emitter;
	#ignore;
	#reasons;
	#most;
	/** @type {Set<string>} */
	#unknown = new Set();
	#since = 0;

	/**
	 * @param {{report: (report: any) => void}} emitter
	 * @param {import('../intake-hook.js').HookOptions} options
	 */
	constructor(emitter, { ignore, reasons, unknownSlugs }) {
		this.#emitter = emitter;
		this.#ignore = ignore;
		this.#reasons = reasons ?? {};
		this.#most = unknownSlugs ?? 30;
	}

	/**
	 * @param {string} slug
	 * @param {number} status
	 * @param {string} method
	 * @param {string} [error] what went wrong, if known
	 */
	answered(slug, status, method, error) {
		if (status < 300 || (status < 400 && method !== 'POST')) return;
		if (this.#ignore?.(status, slug)) return;
		const [reason, words] = this.#meaning(status);
		// Only what failed inside is worth quoting; texts about the sender's mistake vary too much.
		this.#report(slug, status, method, reason, (status >= 500 && error) || words);
	}

	/**
	 * @param {string} slug
	 * @param {any} thrown SvelteKit's own `error()` and `redirect()` are answers, thrown
	 * @param {string} method
	 */
	threw(slug, thrown, method) {
		const answer = Number.isInteger(thrown?.status) && ('body' in thrown || 'location' in thrown);
		if (answer) this.answered(slug, thrown.status, method);
		else if (!this.#ignore?.(500, slug)) {
			this.#report(slug, 500, method, 'exception', textOf(thrown));
		}
	}

	/**
	 * @param {number} status
	 * @returns {[reason: string, words: string]}
	 */
	#meaning(status) {
		const [reason, words] = MEANING[status] ?? general(status);
		return [this.#reasons[status] ?? reason, words];
	}

	/**
	 * @param {string} slug
	 * @param {number} status
	 * @param {string} method
	 * @param {string} reason
	 * @param {string} words
	 */
	#report(slug, status, method, reason, words) {
		const named = status !== 404 || this.#mayName(slug);
		this.#emitter.report({
			kind: 'intake_rejected',
			workflow: named ? slug : undefined,
			http_status: status,
			severity: method === 'POST' ? undefined : 'warning', // somebody looked; no delivery is lost
			error: `Delivery rejected with HTTP ${status}: ${named ? words : 'many unknown slugs'}`,
			labels: { reason, method: METHODS.has(method) ? method : 'other' }
		});
	}

	/** @param {string} slug */
	#mayName(slug) {
		const now = Date.now();
		if (now - this.#since >= MINUTE) {
			this.#unknown.clear();
			this.#since = now;
		}
		if (this.#unknown.size < this.#most) this.#unknown.add(slug);
		return this.#unknown.has(slug);
	}
}

/**
 * @param {number} status
 * @returns {[reason: string, words: string]}
 */
function general(status) {
	if (status >= 500) return ['exception', 'the intake failed'];
	if (status >= 400) return ['framework', 'the intake refused it'];
	return ['framework', 'it was redirected, and senders do not follow'];
}
