/** The settings that have a field of their own, in the order in which they are shown. */
export type Shape = 'switch' | 'number' | 'span' | 'criticality' | 'channel' | 'spans' | 'escalation' | 'expected' | 'rate' | 'detect';

export interface Setting {
	name: string;
	title: string;
	shape: Shape;
	/** Where it can be said: everywhere, if left out. */
	only?: 'project' | 'workflow';
	help?: string;
}

export const GROUPS: { id: string; title: string; settings: Setting[] }[] = [
	{
		id: 'whether',
		title: 'Whether, and how much it matters',
		settings: [
			{ name: 'enabled', title: 'Alerts are on', shape: 'switch' },
			{ name: 'criticality', title: 'Criticality', shape: 'criticality', help: 'How much the workflow matters; a failure of a critical one is critical.' },
			{ name: 'default_channel', title: 'Who hears what no rule brought to anybody', shape: 'channel', only: 'project' }
		]
	},
	{
		id: 'messages',
		title: 'Messages',
		settings: [
			{ name: 'cooldown_seconds', title: 'Least time between two messages about one alert', shape: 'span' },
			{ name: 'reminders_seconds', title: 'Remind while nobody has it in hand', shape: 'spans', help: 'After the last message, time after time; the last goes on for ever. Empty: never.' },
			{ name: 'acknowledged_for_seconds', title: 'How long an acknowledgement holds', shape: 'span' },
			{ name: 'close_after_seconds', title: 'Close what has not failed for', shape: 'span', help: '0: never.' },
			{ name: 'flapping', title: 'What keeps ending and coming back becomes one notice', shape: 'switch' },
			{ name: 'storm_summaries', title: 'Too many messages at once become summaries', shape: 'switch', only: 'project' },
			{ name: 'storm_limit', title: 'Messages in a minute that are not yet too many', shape: 'number', only: 'project' }
		]
	},
	{
		id: 'escalation',
		title: 'Escalation',
		settings: [{ name: 'escalation', title: 'Who else is told while nobody acknowledges', shape: 'escalation' }]
	},
	{
		id: 'thresholds',
		title: 'Thresholds',
		settings: [
			{ name: 'consecutive', title: 'Speak up from so many failing runs in a row', shape: 'number' },
			{ name: 'failure_rate', title: 'Speak up from a share of failing runs', shape: 'rate' },
			{ name: 'expected', title: 'It should run so often', shape: 'expected', only: 'workflow' },
			{ name: 'deadline_seconds', title: 'How long a run may take', shape: 'span' },
			{ name: 'stall_after_seconds', title: 'Silence after which an open run counts as stalled', shape: 'span' },
			{ name: 'grace_seconds', title: 'Silence after which a step or a job counts as abandoned', shape: 'span' },
			{ name: 'no_events_after_seconds', title: 'Age from which a run without any event counts as lost', shape: 'span' },
			{ name: 'pause_limit_seconds', title: 'How long a run may stay paused', shape: 'span' },
			{ name: 'attempt_limit', title: 'Attempts after which a step is given up', shape: 'number', help: 'MeshHook’s worker makes 5.' }
		]
	},
	{
		id: 'detect',
		title: 'What is looked for',
		settings: [{ name: 'detect', title: 'Kinds of failure', shape: 'detect' }]
	}
];
