import { useApolloClient } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { type Draft, DraftSaver } from './api/drafts'
import type { Problem } from './api/problem'
import { useIsVisible } from './visible'

const nothing: Draft = { body: '', visibility: 'PUBLIC' }

/** What the viewer is writing on a ticket. */
export type Writing = ReturnType<typeof useDraft>

/** Returns what the viewer is writing on a ticket. It starts as their stored draft, and is saved while they write. */
export function useDraft(ticketId: string, stored: Draft | null) {
  const client = useApolloClient()
  const [typed, setTyped] = useState<Draft>()
  const [isSending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [saver] = useState(() => new DraftSaver(client, ticketId, setProblem))
  const isVisible = useIsVisible()
  useEffect(() => {
    saver.stored = stored
  }, [saver, stored])
  // A page that is hidden may never be shown again.
  useEffect(() => {
    if (!isVisible) saver.flush()
  }, [saver, isVisible])
  useEffect(() => {
    saver.open()
    return () => saver.close()
  }, [saver])

  const current = typed ?? stored ?? nothing

  function write(changes: Partial<Draft>) {
    const next = { ...current, ...changes }
    setTyped(next)
    saver.later(next)
  }

  /**
   * Sends the text with `sending`. If that fails, the text stays. The next text is for the same readers, so that whoever writes two
   * notes in a row doesn't mail the second one to the customer.
   */
  async function send(sending: () => Promise<unknown>) {
    setSending(true)
    try {
      await saver.hold()
      await sending()
      setTyped({ body: '', visibility: current.visibility })
      saver.end(current.visibility)
    } catch (error) {
      saver.release()
      throw error
    } finally {
      setSending(false)
    }
  }

  const isSaved = stored !== null && stored.body === current.body && stored.visibility === current.visibility
  return {
    ...current,
    write,
    send,
    /** Saves the text at once. The promise resolves when that has succeeded or failed. */
    save: saver.flush,
    isSaved,
    /** Whether the text is being sent. It can't be changed until then, because it is cleared afterwards. */
    isSending,
    problem,
  }
}
