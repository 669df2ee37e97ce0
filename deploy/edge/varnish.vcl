# Varnish 7 as the edge before a Rostrum server: one request for each playlist and each piece of media, however many
# watch. docs/cdn.md says how to run it; varnish.sh writes origin.vcl, which names the server.
vcl 4.1;

import std;
include "origin.vcl";

sub vcl_recv {
	if (req.url !~ "^/live/") {
		call recv_app;
	}
	if (req.method == "OPTIONS") {
		return (synth(204));
	}
	if (req.method != "GET" && req.method != "HEAD") {
		return (synth(405));
	}
	# /live/ID, a pass for a private webinar, a rendition, and a file; nothing else can be there.
	if (req.url !~ "^/live/[\w-]{1,64}(/~[\w.-]{1,200})?(/[\w-]{1,32})?/[\w-][\w.-]{0,95}(\?|$)") {
		return (synth(404));
	}
	# Media has no query, and players send the directives in this order and nothing else.
	if (req.url ~ "\?" && req.url !~ "/index\.m3u8\?_HLS_msn=[1-9]\d{0,14}(&_HLS_part=(0|[1-9]\d{0,14}))?$") {
		call normalise_query;
	}
	unset req.http.Authorization;
	unset req.http.Cookie;
	return (hash);
}

# The key is the path and the delivery directives in alphabetical order; whatever else a query holds is cut off.
sub normalise_query {
	if (req.url !~ "/index\.m3u8\?") {
		set req.url = regsub(req.url, "\?.*$", "");
	}
	set req.url = regsuball(req.url, "[?&](?!_HLS_(?:msn|part)=|_HLS_skip=(?:YES|v2)(?:[?&]|$))[^?&]*", "");
	set req.url = std.querysort(regsub(regsuball(req.url, "[?&]", "&"), "&", "?"));
	if (req.url ~ "\?" && req.url !~
		"\?(_HLS_msn=(0|[1-9]\d{0,14})(&_HLS_part=(0|[1-9]\d{0,14}))?(&_HLS_skip=\w+)?|_HLS_skip=\w+)$") {
		return (synth(400));
	}
}

# Pages, API, WHIP, WHEP and the events of the same server.
sub recv_app {
	if (req.http.Upgrade ~ "(?i)^websocket$") {
		return (pipe);
	}
	return (pass);
}

sub vcl_pipe {
	set bereq.http.Upgrade = req.http.Upgrade;
	set bereq.http.Connection = "Upgrade";
	return (pipe);
}

# Without the host: any name a client makes up would be another key.
sub vcl_hash {
	hash_data(req.url);
	return (lookup);
}

sub vcl_backend_fetch {
	# The server holds a request for three target durations (6 s), and for 10 s before a programme begins.
	set bereq.first_byte_timeout = 15s;
	set bereq.between_bytes_timeout = 10s;
	# The server counts what comes this way: rostrum_origin_edge_requests_total.
	set bereq.http.Via = "1.1 varnish";
	if (!bereq.uncacheable) {
		unset bereq.http.Host;
	}
	return (fetch);
}

sub vcl_backend_response {
	if (bereq.uncacheable) {
		return (deliver);
	}
	unset beresp.http.Set-Cookie;
	# Nothing is given out longer than the server says: an old playlist would show the past.
	set beresp.grace = 0s;
	set beresp.keep = 0s;
	if (beresp.status >= 500 || beresp.http.Cache-Control !~ "max-age=[1-9]") {
		call for_those_who_wait;
	} else if (beresp.status >= 400 && beresp.ttl > 1s) {
		set beresp.ttl = 1s;
	}
	return (deliver);
}

# One answer for all who wait for it. Without a lifetime, each of them would ask the server, one after the other.
sub for_those_who_wait {
	set beresp.ttl = 100ms;
	set beresp.http.Cache-Control = "no-store";
}

sub vcl_backend_error {
	set beresp.http.Content-Type = "application/problem+json";
	set beresp.http.Retry-After = "1";
	set beresp.http.Access-Control-Allow-Origin = "*";
	set beresp.body = """{"type":"about:blank","title":"The server cannot be reached","status":503,"code":"unavailable"}""";
	set beresp.grace = 0s;
	call for_those_who_wait;
	return (deliver);
}

sub vcl_deliver {
	unset resp.http.Via;
	unset resp.http.X-Varnish;
	if (req.url ~ "^/live/") {
		if (obj.hits > 0) {
			set resp.http.X-Cache = "hit";
		} else {
			set resp.http.X-Cache = "miss";
		}
	}
	return (deliver);
}

# Only for requests below /live/.
sub vcl_synth {
	unset resp.http.X-Varnish;
	set resp.http.Access-Control-Allow-Origin = "*";
	if (resp.status == 204) {
		set resp.http.Access-Control-Allow-Methods = "GET, HEAD, OPTIONS";
		set resp.http.Access-Control-Allow-Headers = "Range";
		set resp.http.Access-Control-Max-Age = "86400";
		return (deliver);
	}
	set resp.http.Content-Type = "application/problem+json";
	set resp.http.Cache-Control = "max-age=1";
	if (resp.status == 400) {
		set resp.body = """{"type":"about:blank","title":"The request could not be understood","status":400,"code":"bad-request"}""";
	} else if (resp.status == 404) {
		set resp.body = """{"type":"about:blank","title":"There is nothing at this address","status":404,"code":"not-found"}""";
	} else if (resp.status == 405) {
		set resp.http.Allow = "GET, HEAD, OPTIONS";
		set resp.body = """{"type":"about:blank","title":"This address does not take that method","status":405,"code":"method-not-allowed"}""";
	} else {
		set resp.http.Cache-Control = "no-store";
		set resp.body = """{"type":"about:blank","title":"The server cannot take this on now","status":503,"code":"unavailable"}""";
		set resp.status = 503;
	}
	return (deliver);
}
