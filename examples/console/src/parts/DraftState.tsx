import { describe } from '../api/problem'
import type { Writing } from '../drafts'

/** Whether what one is writing would be there again on another day. */
export function DraftState({ draft: { body, isSaved, problem } }: { draft: Writing }) {
  if (problem) {
    return (
      <p role="alert" className="problem">
        {body ? 'Your draft isn’t saved: ' : 'Your old draft isn’t deleted: '}
        {describe(problem)}
      </p>
    )
  }
  return isSaved ? <small className="hint">Draft saved</small> : null
}
