import type { ReactNode } from 'react'
import { Heading } from './Heading'
import { moment } from './labels'

/** Takes the place of the form that asked for a link by mail. */
export function LinkSent({ expiresAt, children }: { expiresAt: string; children: ReactNode }) {
  return (
    <>
      <Heading>Look into your mail</Heading>
      <p>
        {children} It can be used once, until {moment(expiresAt)}.
      </p>
    </>
  )
}
