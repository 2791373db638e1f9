import { useApolloClient } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { type Draft, DraftSaver } from './api/drafts'
import type { Problem } from './api/problem'
import { useIsVisible } from './visible'

const nothing: Draft = { body: '', visibility: 'PUBLIC' }

/** What the viewer is writing on a ticket. It begins with their draft, and is saved while they write. */
export function useDraft({ id, draft: stored }: { id: string; draft: Draft | null }) {
  const client = useApolloClient()
  const [typed, setTyped] = useState<Draft>()
  const [problem, setProblem] = useState<Problem>()
  const [saver] = useState(() => new DraftSaver(client, id, setProblem))
  const isVisible = useIsVisible()
  useEffect(() => {
    saver.stored = stored
  }, [saver, stored])
  // Whoever leaves the page may not come back to it.
  useEffect(() => {
    if (!isVisible) saver.flush()
  }, [saver, isVisible])
  useEffect(() => () => saver.flush(), [saver])

  const current = typed ?? stored ?? nothing

  function write(changes: Partial<Draft>) {
    const next = { ...current, ...changes }
    setTyped(next)
    saver.later(next)
  }

  /** Sends what has been written; if that fails, it stays. */
  async function send(sending: () => Promise<unknown>) {
    await saver.hold()
    try {
      await sending()
    } catch (error) {
      saver.release()
      throw error
    }
    setTyped(undefined)
    await saver.end(current.visibility)
  }

  const isSaved = stored !== null && stored.body === current.body && stored.visibility === current.visibility
  return { ...current, write, send, save: () => saver.flush(), isSaved, problem }
}
