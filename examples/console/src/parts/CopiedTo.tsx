/** Who else has got a message: those whom the staff had it copied to, or whom a mail names as its recipients. */
export function CopiedTo({ cc, isMail }: { cc: readonly string[]; isMail: boolean }) {
  if (cc.length === 0) return null
  return (
    <span className="copies">
      {isMail ? 'also sent to' : 'copied to'} {cc.join(', ')}
    </span>
  )
}
