/** The ids in a handler's message, wherever the engine's versions put them; nothing else of it. */

/**
 * @typedef {object} Ids
 * @property {any} [project_id]
 * @property {any} [run_id]
 * @property {any} [workflow]
 * @property {any} [node_id]
 * @property {any} [node_type]
 * @property {any} [attempt]
 */

/** A queue's job has its content in one of these. */
const WRAPPERS = ['data', 'message', 'payload', 'detail'];

/**
 * @param {any} message
 * @returns {Ids}
 */
export function idsIn(message) {
	const inner = WRAPPERS.map((name) => plain(message?.[name]));
	const places = [plain(message), ...inner];
	const pick = (/** @type {string[]} */ ...names) =>
		places.flatMap((place) => names.map((name) => place[name])).find(isName);
	const node = places.map((place) => place.node).find(Boolean);
	return {
		project_id: pick('project_id', 'projectId'),
		run_id: pick('run_id', 'runId'),
		workflow: pick('workflow_slug', 'workflowSlug', 'slug'),
		node_id: isName(node) ? node : (node?.id ?? pick('node_id', 'nodeId')),
		node_type: node?.type ?? pick('node_type', 'nodeType'),
		attempt: pick('attempt')
	};
}

/** @param {unknown} value */
const plain = (value) => /** @type {any} */ (value && typeof value === 'object' ? value : {});

/** @param {unknown} value */
const isName = (value) => ['string', 'number'].includes(typeof value) && value !== '';
