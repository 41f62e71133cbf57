import { type EventContext, matcher } from "@tidemark/engine";
import type { Condition, Goal } from "@tidemark/schema";

/** A goal with its compiled conditions. */
export type CompiledGoal = Goal & {
  /** Whether an event reaches the goal. */
  isReachedBy(event: { type: string }, context: EventContext): boolean;
};

/** Compiles the goals of a site. */
export const compileGoals = (goals: readonly Goal[]): CompiledGoal[] =>
  goals.map((goal) => {
    const isMatch = matcher((goal.where ?? []) as readonly Condition[]);
    return {
      ...goal,
      isReachedBy: (event, context) => event.type === goal.source && isMatch(event, context),
    };
  });
