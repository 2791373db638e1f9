// The order matters: see stage.mjs.
import './console.mjs'
import './accounts.mjs'
import './conversation.mjs'
import './writing.mjs'
import './relations.mjs'
import './mail.mjs'
