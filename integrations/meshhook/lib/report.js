/** What a report looks like on the wire: cleaned, clipped, and nothing but the fields named here. */

import { randomUUID } from 'node:crypto';

/**
 * What a caller reports. Names are those of the service's API; all but `kind` may be left out.
 * @typedef {object} Report
 * @property {'intake_rejected'|'circuit_open'|'loop_item_failed'|'handler_exception'|'custom'} kind
 * @property {string} [project_id]
 * @property {string} [workflow] slug
 * @property {string} [run_id]
 * @property {string} [node_id]
 * @property {string} [node_type]
 * @property {unknown} [error] a text, or an error of which name and message are taken
 * @property {number} [http_status]
 * @property {'info'|'warning'|'error'|'critical'} [severity]
 * @property {Record<string, unknown>} [labels]
 * @property {number} [count] so many equal ones
 * @property {string} [id] the caller's own; such a report is never merged with others
 */

/**
 * A report as it is sent.
 * @typedef {{id: string, kind: string, occurred_at: string, count: number,
 *   [field: string]: unknown}} Wire
 */

export const MOST = 1_000_000;

const NAME = 200;
const ERROR = 2_000;
const LABELS = 10;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const SEVERITIES = new Set(['info', 'warning', 'error', 'critical']);
const HALF_AT_END = /[\ud800-\udbff]$/;

/**
 * @param {string} text
 * @param {number} length
 */
export function clip(text, length) {
	// A character outside the basic plane is two units; half of one would be refused as no text.
	return text.length > length ? `${text.slice(0, length - 1).replace(HALF_AT_END, '')}…` : text;
}

/**
 * Name and message of an error, never its stack.
 * @param {unknown} error
 * @returns {string}
 */
export function textOf(error) {
	try {
		return described(/** @type {any} */ (error));
	} catch {
		return 'an error that cannot be shown';
	}
}

/** @param {any} error */
function described(error) {
	if (!(error && typeof error === 'object' && 'message' in error)) return String(error);
	const { name, message, code, errors } = error;
	const parts = Array.isArray(errors) ? errors.slice(0, 3).map((each) => each?.message) : [];
	const said = message || parts.filter(Boolean).join('; ') || code || 'no message';
	return `${name || 'Error'}: ${said}`;
}

/**
 * @param {Report} report
 * @param {{projectId?: string}} defaults
 * @returns {Wire}
 */
export function toWire(report, defaults) {
	return {
		id: name(report.id) ?? randomUUID(),
		kind: name(report.kind) ?? 'custom',
		occurred_at: new Date().toISOString(),
		project_id: uuid(report.project_id) ?? (placed(report) ? undefined : defaults.projectId),
		workflow: name(report.workflow),
		run_id: uuid(report.run_id),
		node_id: name(report.node_id),
		node_type: name(report.node_type),
		error: report.error === undefined ? undefined : clip(textOf(report.error), ERROR),
		http_status: status(report.http_status),
		severity: SEVERITIES.has(String(report.severity)) ? report.severity : undefined,
		labels: labels(report.labels),
		count: Math.min(Math.max(1, Math.trunc(Number(report.count) || 1)), MOST)
	};
}

/**
 * Reports with the same key tell the same; the caller's own id makes one unlike all others.
 * @param {Wire} wire
 * @param {boolean} own
 */
export function keyOf(wire, own) {
	const { id, occurred_at, count, ...rest } = wire;
	return own ? `id:${id}` : JSON.stringify(rest);
}

/** @param {Report} report */
const placed = (report) => name(report.workflow) ?? uuid(report.run_id);

/** @param {unknown} value */
function name(value) {
	if (value === undefined || value === null) return undefined;
	return clip(String(value).trim(), NAME) || undefined;
}

/** @param {unknown} value */
const uuid = (value) => (typeof value === 'string' && UUID.test(value) ? value : undefined);

/** @param {unknown} value */
function status(value) {
	return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599
		? value
		: undefined;
}

/** @param {Record<string, unknown> | undefined} given */
function labels(given) {
	const pairs = Object.entries(given ?? {})
		.map(([key, value]) => [name(key), name(value)])
		.filter(([key, value]) => key && value && key !== 'count' && key !== 'severity')
		.slice(0, LABELS);
	return pairs.length ? Object.fromEntries(pairs) : undefined;
}
