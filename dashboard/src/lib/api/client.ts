/** The one module that talks to the API. */
import createClient from 'openapi-fetch';
import { words } from '../words';
import type { components, paths } from './schema';

export type Alert = components['schemas']['AlertAnswer'];
export type Detail = components['schemas']['DetailAnswer'];
export type Project = components['schemas']['ProjectAnswer'];
export type Session = components['schemas']['SessionAnswer'];
export type Channel = components['schemas']['ChannelAnswer'];
export type Settings = components['schemas']['SettingsAnswer'];
export type ChannelWeek = components['schemas']['ChannelWeek'];
export type Failure = components['schemas']['FailureAnswer'];
export type Silence = components['schemas']['SilenceAnswer'];
export type Counts = components['schemas']['CountsAnswer'];
export type Acted = components['schemas']['ActAnswer'];

/** A field of a form, as JSON Schema describes it. */
export interface Field {
	title?: string;
	description?: string;
	type?: string;
	enum?: string[];
	default?: unknown;
	examples?: unknown[];
	secret?: boolean;
	minimum?: number;
	maximum?: number;
	anyOf?: Field[];
	items?: Field;
}

export interface ChannelKind {
	kind: string;
	title: string;
	form: { properties: Record<string, Field>; required?: string[] };
	secrets: string[];
	help: string;
}

/** What the API says is wrong (RFC 9457), or what went wrong on the way to it. */
export class Trouble extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		message: string,
		readonly requestId: string | null = null,
		readonly fields: { pointer: string; message: string }[] = []
	) {
		super(message);
	}
	/** Whether the server could not be asked at all. */
	get away() {
		return this.status === 0 || this.status >= 502;
	}
}

export interface Connection {
	apiBase: string;
	/** A token to send; none where the session is a cookie. */
	getToken?: () => Promise<string | null> | string | null;
}

const TOO_LONG = 15_000;

export function connect({ apiBase, getToken }: Connection) {
	async function fetching(request: Request): Promise<Response> {
		const token = await getToken?.();
		if (token) request.headers.set('authorization', `Bearer ${token}`);
		const limit = AbortSignal.timeout(TOO_LONG);
		try {
			return await fetch(request, { signal: AbortSignal.any([limit, request.signal]) });
		} catch (problem) {
			if (request.signal.aborted) throw problem;
			throw new Trouble(0, 'unreachable', limit.aborted ? words.tooSlow : words.unreachable);
		}
	}
	const client = createClient<paths>({ baseUrl: apiBase, fetch: fetching, credentials: 'same-origin' });
	return { ...client, apiBase, getToken, raw: fetching };
}

export type Api = ReturnType<typeof connect>;

interface Answered<T> {
	data?: T;
	error?: unknown;
	response: Response;
}

/** The answer's data; throws `Trouble`. */
export async function asked<T>(answer: Promise<Answered<T>>): Promise<T> {
	const { data, error, response } = await answer;
	if (response.ok) return data as T;
	throw troubleOf(error, response);
}

export function troubleOf(error: unknown, response: Response): Trouble {
	const said = (typeof error === 'object' && error ? error : {}) as Record<string, unknown>;
	const fields = Array.isArray(said.errors) ? (said.errors as { pointer?: string; detail?: string }[]) : [];
	return new Trouble(
		response.status,
		String(said.code ?? `http_${response.status}`),
		String(said.detail ?? words.answered(response.status)),
		response.headers.get('x-request-id'),
		fields.map((each) => ({ pointer: each.pointer ?? '', message: each.detail ?? '' }))
	);
}

/** Objects of an answer that comes line by line, each as soon as it is there. */
export async function* lines<T>(api: Api, path: string): AsyncGenerator<T> {
	const headers = new Headers({ 'content-type': 'application/json' });
	const token = await api.getToken?.();
	if (token) headers.set('authorization', `Bearer ${token}`);
	let response: Response;
	try {
		response = await fetch(`${api.apiBase}${path}`, { method: 'POST', body: '{}', headers, credentials: 'same-origin' });
	} catch {
		throw new Trouble(0, 'unreachable', words.unreachable);
	}
	if (!response.ok || !response.body) throw troubleOf(await response.json().catch(() => ({})), response);
	let rest = '';
	for await (const text of chunks(response.body.pipeThrough(new TextDecoderStream()))) {
		const whole = (rest + text).split('\n');
		rest = whole.pop() ?? '';
		for (const line of whole.filter(Boolean)) yield JSON.parse(line) as T;
	}
}

/** Our event stream, behind the event `last`; throws `Trouble` if it cannot be had. */
export async function follow(api: Api, last: string, signal: AbortSignal): Promise<AsyncGenerator<string>> {
	const headers = new Headers({ accept: 'text/event-stream' });
	if (last) headers.set('last-event-id', last);
	const token = await api.getToken?.();
	if (token) headers.set('authorization', `Bearer ${token}`);
	const response = await fetch(`${api.apiBase}/api/alerts/stream`, { headers, credentials: 'same-origin', signal }).catch(() => null);
	if (!response) throw new Trouble(0, 'unreachable', words.unreachable);
	if (!response.ok || !response.body) throw troubleOf({}, response);
	return chunks(response.body.pipeThrough(new TextDecoderStream()));
}

/** What a stream brings; a connection that breaks is a server that cannot be reached. */
async function* chunks(stream: ReadableStream<string>): AsyncGenerator<string> {
	const reader = stream.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			yield value;
		}
	} catch {
		throw new Trouble(0, 'unreachable', words.unreachable);
	} finally {
		reader.releaseLock();
	}
}
