/** One signed request to the service, and what its answer means. Throws nothing. */

import { createHmac, randomUUID } from 'node:crypto';

/**
 * What became of a request.
 * - `taken`: the service has the reports
 * - `refused`: it will never take some of them (`which`: their places; none named: all)
 * - `too_large`: send fewer at once
 * - `away`: not now; `retryAfter` in ms if it said when
 * @typedef {{what: 'taken', duplicates: number, unattributed: number}
 *   | {what: 'refused', why: string, which: Set<number>}
 *   | {what: 'too_large', why: string}
 *   | {what: 'away', why: string, retryAfter: number}} Outcome
 */

const ANSWER_LIMIT = 256 * 1024;
const NEVER = new Set([400, 411, 415, 422]);

/**
 * The bytes a secret stands for: after `whsec_` base64, as Standard Webhooks write it.
 * @param {string} secret
 */
export function keyFrom(secret) {
	return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}

/**
 * @param {Buffer} key
 * @param {string} body
 * @returns {Record<string, string>}
 */
export function signed(key, body) {
	const id = `msg_${randomUUID()}`;
	const stamp = Math.floor(Date.now() / 1000);
	const digest = createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64');
	return {
		'webhook-id': id,
		'webhook-timestamp': String(stamp),
		'webhook-signature': `v1,${digest}`
	};
}

/**
 * @param {{url: string, key: Buffer, fetch: typeof fetch}} service
 * @param {string} body
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
export async function post(service, body, signal) {
	try {
		const response = await service.fetch(service.url, {
			method: 'POST',
			headers: { 'content-type': 'application/json', ...signed(service.key, body) },
			body,
			signal,
			redirect: 'manual'
		});
		return meaning(response, await answerOf(response));
	} catch (error) {
		const { cause, name } = /** @type {any} */ (error);
		const why = name === 'AbortError' ? 'no answer in time' : String(cause?.code ?? name);
		return { what: 'away', why, retryAfter: 0 };
	}
}

/**
 * @param {Response} response
 * @param {any} answer
 * @returns {Outcome}
 */
function meaning(response, answer) {
	const why = `it answered ${response.status}`;
	if (response.status === 202 && Number.isInteger(answer?.accepted)) {
		return {
			what: 'taken',
			duplicates: Number(answer.duplicates) || 0,
			unattributed: Number(answer.unattributed) || 0
		};
	}
	if (response.status === 413) return { what: 'too_large', why };
	if (NEVER.has(response.status)) return refusal(why, answer);
	// Anything else is somebody in between, a wrong secret or a wrong address: an operator can mend
	// all of them, and sending again is safe.
	const seconds = Number(response.headers.get('retry-after'));
	return { what: 'away', why, retryAfter: seconds > 0 ? seconds * 1000 : 0 };
}

/**
 * @param {string} why
 * @param {any} answer a problem, whose errors point at `/failures/3/kind`
 * @returns {Outcome}
 */
function refusal(why, answer) {
	const errors = Array.isArray(answer?.errors) ? answer.errors : [];
	const found = errors
		.map((/** @type {any} */ each) => /^\/failures\/(\d+)(\/\w+)?/.exec(String(each?.pointer)))
		.filter(Boolean);
	const which = new Set(found.map((/** @type {any} */ match) => Number(match[1])));
	return { what: 'refused', why: found[0]?.[2] ? `${why} for ${found[0][2]}` : why, which };
}

/**
 * The answer's JSON, read up to a limit; undefined if it is none.
 * @param {Response} response
 */
async function answerOf(response) {
	const chunks = [];
	let size = 0;
	for await (const chunk of /** @type {any} */ (response.body ?? [])) {
		size += chunk.length;
		if (size > ANSWER_LIMIT) return undefined; // leaving the loop cancels the rest
		chunks.push(chunk);
	}
	try {
		return JSON.parse(Buffer.concat(chunks).toString());
	} catch {
		return undefined;
	}
}
