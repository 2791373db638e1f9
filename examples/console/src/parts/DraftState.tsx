import { describe, type Problem } from '../api/problem'

/** Whether what one is writing would be there again on another day. */
export function DraftState({ isSaved, problem }: { isSaved: boolean; problem: Problem | undefined }) {
  if (problem) {
    return (
      <p role="alert" className="problem">
        Your draft isn’t saved: {describe(problem)}
      </p>
    )
  }
  return isSaved ? <small className="hint">Draft saved</small> : null
}
