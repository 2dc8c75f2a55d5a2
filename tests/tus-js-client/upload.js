// Uploads a file with tus-js-client as the one argument says, a JSON object:
//   endpoint   where uploads are begun
//   uploadUrl  the upload to go on with, in place of a new one
//   user       who uploads
//   file       the path of the file
//   chunkSize  how many bytes a request has at most; all that there are if not given
//   stopAt     after how many bytes it is given up
//   terminate  whether it is then ended on the server too
// What happens is written to standard output, a line of JSON for each event.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = process.env.TUS_JS_CLIENT_DIR || fileURLToPath(new URL('.', import.meta.url))
const tus = createRequire(join(here, 'package.json'))('tus-js-client')
const asked = JSON.parse(process.argv[2])

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
let stopping = false

const upload = new tus.Upload(readFileSync(asked.file), {
  endpoint: asked.endpoint,
  uploadUrl: asked.uploadUrl ?? null,
  chunkSize: asked.chunkSize ?? Infinity,
  retryDelays: [0, 10, 20, 50, 100, 200, 500, 1000],
  headers: { 'X-User-Id': String(asked.user) },
  metadata: { filename: basename(asked.file), filetype: 'text/plain' },
  onBeforeRequest(request) {
    const offset = request.getHeader('Upload-Offset')
    say({ request: request.getMethod(), offset: offset === undefined ? null : Number(offset) })
  },
  onAfterResponse(request, response) {
    const file = response.getHeader('Upload-File-Id')
    say({ answer: response.getStatus(), file: file === undefined ? null : Number(file) })
  },
  async onChunkComplete(_, accepted) {
    if (asked.stopAt !== undefined && accepted >= asked.stopAt && !stopping) {
      stopping = true
      await upload.abort(asked.terminate ?? false)
      say({ stopped: upload.url })
    }
  },
  onSuccess({ lastResponse }) {
    say({ done: upload.url, file: Number(lastResponse.getHeader('Upload-File-Id')) })
  },
  onError(error) {
    say({ error: String(error) })
    process.exitCode = 1
  },
})

upload.start()
