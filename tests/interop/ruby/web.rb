# Sidekiq's pages on a free loopback port, which is printed when they can be asked for.

require "sidekiq/web"
require "rack/session/cookie"
require "rack/handler/webrick"
require "logger"

pages = Rack::Builder.new do
  use Rack::Session::Cookie, secret: "a secret of a test's own, which is no secret but long enough for Rack", same_site: true
  run Sidekiq::Web
end

quiet = {Logger: WEBrick::Log.new($stderr, WEBrick::Log::WARN), AccessLog: []}
Rack::Handler::WEBrick.run(pages.to_app, Host: "127.0.0.1", Port: 0, **quiet) do |server|
  puts "port #{server.listeners.first.addr[1]}"
  $stdout.flush
end
