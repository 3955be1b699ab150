/** Emitters for tests, closed at each test's end. */

import assert from 'node:assert/strict';
import { afterEach } from 'node:test';

import { Emitter } from '../alerts-emitter.js';
import { SECRET, aService, taken } from './service.js';

/** @type {(() => Promise<unknown>)[]} */
const ends = [];
afterEach(async () => {
	for (const end of ends.splice(0)) await end();
});

/** An emitter and the service it reports to. */
export async function setUp(options = {}, answer = taken) {
	const service = await aService(answer);
	/** @type {string[]} */
	const logged = [];
	const emitter = new Emitter({
		url: service.url,
		secret: SECRET,
		flushMs: 20,
		timeoutMs: 300,
		maxBackoffMs: 50,
		log: (text) => logged.push(text),
		...options
	});
	ends.push(() => emitter.close(100), () => service.stop());
	return { service, emitter, logged };
}

/** @param {Emitter} emitter */
export function conserved(emitter) {
	const { reported, delivered, dropped, refused, invalid, buffered } = emitter.stats();
	assert.equal(reported, delivered + dropped + refused + invalid + buffered);
}
