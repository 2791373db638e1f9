import { useState } from 'react'
import { type Problem, problemOf } from '../api/problem'
import { ProblemMessage } from './ProblemMessage'

interface MoreButtonProps {
  label: string
  page: { hasNextPage: boolean; endCursor: string | null }
  /** Reads the next page, which the cache appends to the earlier ones. */
  onMore: (after: string | null) => Promise<unknown>
}

/** Reads the next page of a list, if there is one. */
export function MoreButton({ label, page, onMore }: MoreButtonProps) {
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  if (!page.hasNextPage) return null

  async function readMore() {
    setBusy(true)
    setProblem(undefined)
    try {
      await onMore(page.endCursor)
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      {problem && <ProblemMessage problem={problem} />}
      <button type="button" className="more" disabled={isBusy} onClick={readMore}>
        {label}
      </button>
    </>
  )
}
