#!/bin/sh
# Runs nginx as the edge before a Rostrum server, in the foreground:
#   ORIGIN=10.0.0.5:8080 LISTEN=80 deploy/edge/nginx.sh
# STATE is a folder of its own, made when missing; it holds the cache, so it belongs in memory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
origin=${ORIGIN:?name the server, as ORIGIN=host:port}
state=${STATE:-/dev/shm/rostrum-nginx}
mkdir -p "$state/temp"
cp "$here/nginx.conf" "$state/nginx.conf"
cat > "$state/origin.conf" <<CONF
upstream origin {
	server $origin max_fails=0;
	keepalive 1024;
	keepalive_requests 1000000;
}
CONF
# Without LISTEN, a listen.conf that is there is kept: it may hold a certificate.
if [ -n "${LISTEN:-}" ] || [ ! -f "$state/listen.conf" ]; then
	echo "listen ${LISTEN:-80} backlog=4096;" > "$state/listen.conf"
fi
rm -f "$state/status.sock"
ulimit -n "$(ulimit -Hn)"
cd "$state"
PATH=$PATH:/usr/sbin exec nginx -p "$state" -c "$state/nginx.conf" -e stderr
