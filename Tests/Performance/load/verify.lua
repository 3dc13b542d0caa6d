-- POST with one Authorization header, always the same request: wrk makes its text once.

package.path = os.getenv("LOAD_FOLDER") .. "/?.lua;" .. package.path

wrk.method = os.getenv("LOAD_METHOD") or "POST"
local name, value = (os.getenv("LOAD_HEADER") or ""):match("^([^:]+):%s*(.*)$")
if name then wrk.headers[name] = value end

done = require("report")
