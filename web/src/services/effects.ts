import { answerOf, type Schemas } from '@/services/api.ts';

/** What a change would do: who gains and loses what, and which runs would be rejected. */
export type Effect = Schemas['Effect'];

/** Gives what a call with dry_run answered. */
export async function effectOf(call: Parameters<typeof answerOf>[0]): Promise<Effect> {
  return (await answerOf(call)) as Effect;
}
