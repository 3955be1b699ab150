/** What an emitter can be told, and what it does when told nothing. */

import { keyFrom } from './post.js';

/**
 * @typedef {object} Options
 * @property {string} [url] where the service is (MESHHOOK_ALERTS_URL)
 * @property {string} [secret] what signs the reports (MESHHOOK_ALERTS_TRIGGER_SECRET)
 * @property {string} [projectId] for reports that name neither project, workflow nor run
 * @property {number} [capacity] different reports kept at most (500)
 * @property {number} [batchSize] reports in one request (100)
 * @property {number} [flushMs] how long to gather before sending (1000)
 * @property {number} [timeoutMs] how long a request may take (5000)
 * @property {number} [maxBackoffMs] longest pause between tries (60000)
 * @property {(text: string) => void} [log] told when the service goes away and comes back
 * @property {typeof fetch} [fetch]
 */

const DEFAULTS = {
	capacity: 500,
	batchSize: 100,
	flushMs: 1000,
	timeoutMs: 5000,
	maxBackoffMs: 60_000,
	log: (/** @type {string} */ text) => console.warn(text)
};

/** @param {Options} options */
export function readOptions(options) {
	const given = Object.entries(options).filter(([, value]) => value !== undefined);
	/** @type {Options & typeof DEFAULTS} */
	const { url, secret, fetch, ...rest } = { ...DEFAULTS, ...Object.fromEntries(given) };
	const where = String(url ?? process.env.MESHHOOK_ALERTS_URL ?? '').replace(/\/+$/, '');
	const named = String(secret ?? process.env.MESHHOOK_ALERTS_TRIGGER_SECRET ?? '');
	const current = named.trim().split(/\s+/)[0]; // while secrets change, the new one stands first
	return {
		...rest,
		service: {
			url: `${where}/api/alerts/trigger`,
			key: keyFrom(current),
			fetch: fetch ?? globalThis.fetch
		},
		missing: missing(where, current)
	};
}

/**
 * Why nothing can be sent, or null.
 * @param {string} url
 * @param {string} secret
 */
function missing(url, secret) {
	if (!/^https?:\/\/[^/\s]/.test(url)) return 'MESHHOOK_ALERTS_URL is not set, or no address';
	return secret.length < 32 ? 'MESHHOOK_ALERTS_TRIGGER_SECRET has fewer than 32 characters' : null;
}
