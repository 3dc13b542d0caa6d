-- POST /api/token with the credentials of LOAD_API_KEY and LOAD_API_SECRET: for a new user, or, where LOAD_USERS names
-- a file of ids, for one of them at random each time. All requests are of one length, so only the id changes.

package.path = os.getenv("LOAD_FOLDER") .. "/?.lua;" .. package.path

local number = 0

function setup(thread)
    number = number + 1
    thread:set("number", number)
end

local before, after
local users = {}

function init()
    local file = os.getenv("LOAD_USERS")
    local body = string.format(
        '{"api_key":"%s","api_secret":"%s"', os.getenv("LOAD_API_KEY"), os.getenv("LOAD_API_SECRET"))
    local id = "00000000-0000-0000-0000-000000000000"
    if file then
        for line in io.lines(file) do users[#users + 1] = line end
        body = body .. ',"taiki_user_id":"' .. id .. '"'
    end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = body .. "}"
    local text = wrk.format()
    local place = file and text:find(id, 1, true)
    if place then
        before, after = text:sub(1, place - 1), text:sub(place + #id)
    else
        before = text
    end
    math.randomseed(os.time() * 100 + number)
end

function request()
    if not after then return before end
    return before .. users[math.random(#users)] .. after
end

done = require("report")
