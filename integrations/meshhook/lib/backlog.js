/** What waits to be sent: bounded, equal reports counted as one. */

import { MOST, keyOf } from './report.js';

/** @typedef {import('./report.js').Wire} Wire */

const BATCH_CHARACTERS = 600_000; // at three bytes each still below the service's 2 MB

export class Backlog {
	/** @type {Map<string, Wire>} Never sent: equal reports are counted here. */
	#waiting = new Map();
	/** @type {Wire[]} Sent at least once: the service may have them, so they change no more. */
	#tried = [];
	#capacity;

	/** @param {number} capacity */
	constructor(capacity) {
		this.#capacity = capacity;
	}

	/** How many different reports there are. */
	get entries() {
		return this.#waiting.size + this.#tried.length;
	}

	/** Whether some have been sent and not been taken, or so many wait that sending is due. */
	due(/** @type {number} */ size) {
		return this.#tried.length > 0 || this.#waiting.size >= size;
	}

	/** How many reports they stand for. */
	get total() {
		return sum([...this.#tried, ...this.#waiting.values()]);
	}

	/**
	 * Keeps a report if there is room. The newest is let go when there is none: the first reports of
	 * an outage tell its cause, and repeats of them are counted in what is kept.
	 * @param {Wire} wire
	 * @param {boolean} own whether its id is the caller's
	 * @returns {'kept' | 'coalesced' | 'dropped'}
	 */
	add(wire, own) {
		const key = keyOf(wire, own);
		const known = this.#waiting.get(key);
		if (known && !own && known.count + wire.count <= MOST) {
			known.count += wire.count;
			return 'coalesced';
		}
		if (this.entries >= this.#capacity) return 'dropped';
		this.#waiting.set(known ? `${key} ${wire.id}` : key, wire);
		return 'kept';
	}

	/**
	 * The next ones to send, those tried before first.
	 * @param {number} size
	 */
	next(size) {
		for (const [key, wire] of this.#waiting) {
			if (this.#tried.length >= size) break;
			this.#waiting.delete(key);
			this.#tried.push(wire);
		}
		let characters = 0;
		const fitting = this.#tried.slice(0, size).findIndex((wire) => {
			characters += JSON.stringify(wire).length;
			return characters > BATCH_CHARACTERS;
		});
		return this.#tried.slice(0, fitting < 0 ? size : Math.max(1, fitting));
	}

	/**
	 * Forgets these, which have been sent; returns how many reports they stood for.
	 * @param {Wire[]} done
	 */
	forget(done) {
		const gone = new Set(done);
		this.#tried = this.#tried.filter((wire) => !gone.has(wire));
		return sum(done);
	}

	/** Forgets all; returns how many reports that were. */
	clear() {
		const left = this.total;
		this.#tried = [];
		this.#waiting.clear();
		return left;
	}
}

/** @param {Wire[]} wires */
const sum = (wires) => wires.reduce((total, wire) => total + wire.count, 0);
