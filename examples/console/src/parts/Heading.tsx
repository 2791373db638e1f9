import { useEffect, useRef } from 'react'

/**
 * The heading of what has just been opened. It gets the focus, so that the keyboard and screen readers go on from there, and
 * the page scrolls to it.
 */
export function Heading({ id, children }: { id?: string; children: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
    heading.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  useEffect(() => {
    document.title = `${children} – CRM console`
  }, [children])
  return (
    <h2 id={id} ref={heading} tabIndex={-1}>
      {children}
    </h2>
  )
}
