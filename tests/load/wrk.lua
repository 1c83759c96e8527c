-- What wrk sends and what it says at the end. Arguments after `--`: nothing, `unique PATTERN`, `visitors NUMBER` or `post FILE`.
-- `unique` puts a new number for each `N` of the pattern, so that no two requests share a cache key; `visitors` come from so many addresses, as a proxy
-- tells them; `post` sends the file as GraphQL.

local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    if args[1] == "unique" then
        local sent, start = 0, os.time() .. id
        -- Defined only here: without it wrk sends one prepared request, as cheaply as it can.
        request = function()
            sent = sent + 1
            return wrk.format("GET", (args[2]:gsub("N", start .. "x" .. sent)))
        end
    elseif args[1] == "visitors" then
        local requests, next = {}, 0
        for number = 1, tonumber(args[2]) do
            wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", id, math.floor(number / 250), number % 250 + 1)
            requests[number] = wrk.format()
        end
        request = function()
            next = next % #requests + 1
            return requests[next]
        end
    elseif args[1] == "post" then
        local file = assert(io.open(args[2], "rb"))
        wrk.method, wrk.body = "POST", file:read("*a")
        wrk.headers["Content-Type"] = "application/json"
        file:close()
        local prepared = wrk.format()
        request = function() return prepared end
    end
end

-- requests, requests a second, p50 and p99 in ms, answers that were not 2xx or did not come, bytes
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("DONE %d %.1f %.2f %.2f %d %d\n", summary.requests, summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout, summary.bytes))
end
