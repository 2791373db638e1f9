import { useApolloClient } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { problemOf } from './api/problem'
import { upload } from './api/upload'

/** A file that is being sent, has been sent, or couldn't be. */
export interface Upload {
  key: number
  name: string
  /** How much of it has been sent, from 0 to 1. */
  progress: number
  /** What a message attaches, once all of it has been sent. */
  id?: string
  problem?: string
}

/** The files that somebody attaches to what they write. Each is sent at once, and cancelled when it is removed. */
export function useUploads() {
  const client = useApolloClient()
  const [uploads, setUploads] = useState<Upload[]>([])
  const cancels = useRef(new Map<number, AbortController>())
  const next = useRef(0)

  useEffect(() => {
    const running = cancels.current
    return () => running.forEach((cancel) => cancel.abort())
  }, [])

  const change = (key: number, changes: Partial<Upload>) =>
    setUploads((all) => all.map((one) => (one.key === key ? { ...one, ...changes } : one)))

  function add(files: Iterable<File>) {
    for (const file of files) {
      const key = next.current++
      const cancel = new AbortController()
      cancels.current.set(key, cancel)
      setUploads((all) => [...all, { key, name: file.name, progress: 0 }])
      upload(client, file, (progress) => change(key, { progress }), cancel.signal)
        .then((id) => change(key, { id, progress: 1 }))
        .catch((error) => change(key, { problem: messageOf(error) }))
    }
  }

  function remove(key: number) {
    cancels.current.get(key)?.abort()
    setUploads((all) => all.filter((one) => one.key !== key))
  }

  return {
    uploads,
    add,
    remove,
    clear: () => setUploads([]),
    /** Whether a message would be sent without some of its files. */
    isBusy: uploads.some(({ id, problem }) => !id && !problem),
    ids: uploads.flatMap(({ id }) => id ?? []),
  }
}

function messageOf(error: unknown): string {
  const { code, message } = problemOf(error)
  return code === 'OFFLINE' && error instanceof Error ? error.message : message
}
