-- Purpose: makes an incarnation unknown; what it holds stays for others to take over.
-- KEYS: none.
-- ARGV: incarnation.
-- Returns: nothing.
end_process(arg())
