#!/bin/sh
# Runs Varnish as the edge before a Rostrum server, in the foreground:
#   ORIGIN=10.0.0.5:8080 LISTEN=:80 MEMORY=2G deploy/edge/varnish.sh
# STATE is a folder of its own, made when missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
origin=${ORIGIN:?name the server, as ORIGIN=host:port}
state=${STATE:-/run/rostrum-varnish}
mkdir -p "$state"
cat > "$state/origin.vcl" <<VCL
backend origin {
	.host = "${origin%:*}";
	.port = "${origin##*:}";
	.connect_timeout = 3s;
}
VCL
# When an answer has come, each thread that serves it wakes 30 of those who wait for the same, not 3. Whoever reads too
# slowly for 30 s is cut off: writing keeps a thread, waiting does not.
PATH=$PATH:/usr/sbin exec varnishd -F -n "$state/varnish" -a "${LISTEN:-:80}" -f "$here/varnish.vcl" \
	-s "malloc,${MEMORY:-1G}" -s Transient=malloc,128M \
	-p "vcl_path=$state" -p rush_exponent=30 -p timeout_idle=60 -p idle_send_timeout=10 -p send_timeout=30
