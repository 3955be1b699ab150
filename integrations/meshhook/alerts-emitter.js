/**
 * Reports failures to MeshHook Alerts from inside another program, which must never notice.
 *
 * `report` puts into a bounded backlog and returns; sending happens in the background. Nothing here
 * throws or rejects, no timer keeps the process alive, and what cannot be kept is counted.
 */

import { Backlog } from './lib/backlog.js';
import { readOptions } from './lib/options.js';
import { post } from './lib/post.js';
import { Reach } from './lib/reach.js';
import { toWire } from './lib/report.js';

/** @typedef {import('./lib/report.js').Report} Report */
/** @typedef {import('./lib/report.js').Wire} Wire */
/** @typedef {import('./lib/options.js').Options} Options */

const DRAIN_PAUSE_MS = 100;

/** @type {Set<Emitter>} Those with something to send when the process has nothing else to do. */
const unsent = new Set();
process.on('beforeExit', () => unsent.forEach((emitter) => emitter.lastCall()));

export class Emitter {
	#options;
	#backlog;
	#reach;
	#counts = {
		reported: 0,
		coalesced: 0,
		delivered: 0,
		duplicates: 0,
		unattributed: 0,
		dropped: 0,
		refused: 0,
		invalid: 0,
		requests: 0,
		failedRequests: 0
	};
	/** @type {NodeJS.Timeout | null} */
	#timer = null;
	/** @type {Promise<boolean> | null} */
	#sending = null;
	/** @type {AbortController | null} */
	#request = null;
	#size;
	#closed = false;
	#calledLast = false;

	/** @param {Options} [options] */
	constructor(options = {}) {
		this.#options = readOptions(options);
		this.#backlog = new Backlog(this.#options.capacity);
		this.#reach = new Reach(this.#options);
		this.#size = this.#options.batchSize;
		if (this.#options.missing) this.#reach.switchOff(this.#options.missing);
	}

	/**
	 * Takes a report and returns at once, whatever it is given.
	 * @param {Report} report
	 */
	report(report) {
		try {
			const wire = toWire(report, this.#options);
			const became = this.#ended ? 'dropped' : this.#backlog.add(wire, report.id !== undefined);
			this.#counts.reported += wire.count;
			if (became !== 'kept') this.#counts[became] += wire.count;
			if (this.#backlog.entries) this.#schedule();
		} catch {
			this.#counts.reported += 1;
			this.#counts.invalid += 1;
		}
	}

	/** What became of it all: reported = delivered + dropped + refused + invalid + buffered. */
	stats() {
		const { total: buffered, entries } = this.#backlog;
		const { state, problem } = this.#reach;
		return { ...this.#counts, buffered, entries, state, problem };
	}

	/**
	 * Sends what is buffered, trying until all is gone or the time is up.
	 * @param {number} [timeoutMs]
	 */
	async flush(timeoutMs = this.#options.timeoutMs) {
		const end = Date.now() + timeoutMs;
		const cut = setTimeout(() => this.#request?.abort(), timeoutMs);
		while (this.#backlog.entries && Date.now() < end) {
			if (!(await this.#send(true))) await sleep(Math.min(DRAIN_PAUSE_MS, end - Date.now()));
		}
		clearTimeout(cut);
		return this.stats();
	}

	/**
	 * For the end of the process: takes no more reports, flushes, drops what is left.
	 * @param {number} [timeoutMs]
	 */
	async close(timeoutMs = 2000) {
		this.#closed = true;
		await this.flush(timeoutMs);
		this.#counts.dropped += this.#backlog.clear();
		this.#schedule();
		return this.stats();
	}

	/** The process is about to end: one flush, and only one, so that it does end. */
	lastCall() {
		if (!this.#calledLast) void this.flush();
		this.#calledLast = true;
	}

	get #ended() {
		return this.#closed || this.#reach.state === 'off';
	}

	/** Sets the next turn, if there is anything to send and none is set. */
	#schedule() {
		if (this.#backlog.entries) unsent.add(this);
		else unsent.delete(this);
		if (this.#timer || this.#sending || this.#closed || !this.#backlog.entries) return;
		const wait = this.#reach.backoff || this.#options.flushMs;
		this.#timer = setTimeout(() => void this.#send(false), wait);
		this.#timer.unref();
	}

	/**
	 * Sends, one request at a time.
	 * @param {boolean} all whether to send reports as well that still wait for their like
	 * @returns {Promise<boolean>} whether the service could be used
	 */
	#send(all) {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		this.#sending ??= this.#sendWhileDue(all)
			.catch(() => false)
			.finally(() => {
				this.#sending = null;
				this.#schedule();
			});
		return this.#sending;
	}

	/** @param {boolean} all */
	async #sendWhileDue(all) {
		do {
			if (!(await this.#sendOnce(this.#backlog.next(this.#size)))) return false;
		} while (this.#backlog.due(all ? 1 : this.#options.batchSize));
		return true;
	}

	/** @param {Wire[]} batch */
	async #sendOnce(batch) {
		if (!batch.length) return true;
		const outcome = await this.#ask(batch);
		if (outcome.what === 'away') {
			this.#counts.failedRequests += 1;
			this.#reach.failed(outcome.why, outcome.retryAfter);
			return false;
		}
		this.#reach.answered();
		this.#settle(batch, outcome);
		return true;
	}

	/** @param {Wire[]} batch */
	async #ask(batch) {
		this.#counts.requests += 1;
		this.#request = new AbortController();
		const timer = setTimeout(() => this.#request?.abort(), this.#options.timeoutMs);
		timer.unref();
		const body = JSON.stringify({ failures: batch });
		const outcome = await post(this.#options.service, body, this.#request.signal);
		clearTimeout(timer);
		this.#request = null;
		return outcome;
	}

	/**
	 * @param {Wire[]} batch
	 * @param {Exclude<import('./lib/post.js').Outcome, {what: 'away'}>} outcome
	 */
	#settle(batch, outcome) {
		if (outcome.what === 'taken') {
			this.#counts.delivered += this.#backlog.forget(batch);
			this.#counts.duplicates += outcome.duplicates;
			this.#counts.unattributed += outcome.unattributed;
			this.#size = this.#options.batchSize;
		} else if (outcome.what === 'too_large' && batch.length > 1) {
			this.#size = Math.ceil(batch.length / 2);
		} else {
			const which = outcome.what === 'refused' ? outcome.which : new Set();
			const named = batch.filter((_, at) => which.has(at));
			this.#counts.refused += this.#backlog.forget(named.length ? named : batch);
			this.#reach.refused(outcome.why);
		}
	}
}

/** @param {number} ms */
const sleep = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

/** @type {Emitter | undefined} */
let shared;

/** The process's own emitter, set up from the environment when first asked for. */
export function sharedEmitter() {
	shared ??= new Emitter();
	return shared;
}
