/** The settings that have a field of their own, in the order in which they are shown; `words.field` has their names. */
export type Shape = 'switch' | 'number' | 'span' | 'criticality' | 'channel' | 'spans' | 'escalation' | 'expected' | 'rate' | 'detect';

export interface Setting {
	name: string;
	shape: Shape;
	/** Where it can be said: everywhere, if left out. */
	only?: 'project' | 'workflow';
}

export const GROUPS: { id: string; settings: Setting[] }[] = [
	{
		id: 'whether',
		settings: [
			{ name: 'enabled', shape: 'switch' },
			{ name: 'criticality', shape: 'criticality' },
			{ name: 'default_channel', shape: 'channel', only: 'project' }
		]
	},
	{
		id: 'messages',
		settings: [
			{ name: 'cooldown_seconds', shape: 'span' },
			{ name: 'reminders_seconds', shape: 'spans' },
			{ name: 'acknowledged_for_seconds', shape: 'span' },
			{ name: 'close_after_seconds', shape: 'span' },
			{ name: 'flapping', shape: 'switch' },
			{ name: 'storm_summaries', shape: 'switch', only: 'project' },
			{ name: 'storm_limit', shape: 'number', only: 'project' }
		]
	},
	{
		id: 'escalation',
		settings: [
			{ name: 'escalation', shape: 'escalation' }
		]
	},
	{
		id: 'thresholds',
		settings: [
			{ name: 'consecutive', shape: 'number' },
			{ name: 'failure_rate', shape: 'rate' },
			{ name: 'expected', shape: 'expected', only: 'workflow' },
			{ name: 'deadline_seconds', shape: 'span' },
			{ name: 'stall_after_seconds', shape: 'span' },
			{ name: 'grace_seconds', shape: 'span' },
			{ name: 'no_events_after_seconds', shape: 'span' },
			{ name: 'pause_limit_seconds', shape: 'span' },
			{ name: 'attempt_limit', shape: 'number' }
		]
	},
	{
		id: 'queue',
		settings: [
			{ name: 'queue_lag_limit_seconds', shape: 'span', only: 'project' },
			{ name: 'queue_depth_limit', shape: 'number', only: 'project' },
			{ name: 'dead_letter_limit', shape: 'number', only: 'project' },
			{ name: 'poison_reads', shape: 'number', only: 'project' },
			{ name: 'fleet_window_seconds', shape: 'span', only: 'project' }
		]
	},
	{
		id: 'detect',
		settings: [
			{ name: 'detect', shape: 'detect' }
		]
	}
];
