#!/usr/bin/env bash
# A real WordPress (Debian's packages) in three time zones, edited, emptied and broken; after each step the
# store has to hold what a visitor can read: `lab.sh GAZETTED`. Everything is on 127.0.0.1 and ends with it.
set -euo pipefail
gazetted=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
for need in mariadbd mariadb-install-db php jq curl; do
    command -v "$need" > /dev/null || { echo "SKIPPED, for there is no $need: nothing was tried against a real WordPress" >&2; exit 77; }
done
[ -f /usr/share/wordpress/wp-load.php ] || { echo "SKIPPED, for there is no /usr/share/wordpress: nothing was tried against a real WordPress" >&2; exit 77; }

work=$(mktemp -d)
database='' server=''
end() { # what this script started, by its process group
    for group in $server $database; do kill -KILL -- "-$group" 2> /dev/null || true; done
    server='' database=''
}
trap 'end; rm -rf "$work"' EXIT
fail() { echo "failed: $*" >&2; exit 1; }
free_port() { php -r '$s = stream_socket_server("tcp://127.0.0.1:0"); echo explode(":", stream_socket_get_name($s, false))[1];'; }

start_database() {
    setsid mariadbd --no-defaults --user="$(id -un)" --datadir="$place/data" --socket="$place/db" --skip-networking \
        > "$place/db.log" 2>&1 < /dev/null &
    database=$!
    for _ in $(seq 150); do mariadb --no-defaults -S "$place/db" -e 'select 1' > /dev/null 2>&1 && return; sleep 0.2; done
    fail "the database does not start: $(tail -3 "$place/db.log")"
}
site() { php -d display_errors=stderr -d sendmail_path=/bin/true "$here/site.php" "$@"; }

up() { # zone, permalinks
    place=$(mktemp -d -p "$work")
    export BLOG=$place/docs BLOG_ZONE=$1 BLOG_LINKS=$2
    BLOG_PORT=$(free_port)
    export BLOG_PORT
    mkdir -p "$BLOG" "$place/data"
    cp -rL /usr/share/wordpress/. "$BLOG/" 2> /dev/null || true
    mkdir -p "$BLOG/wp-content/mu-plugins"
    cat > "$BLOG/wp-config.php" <<PHP
<?php
define('DB_NAME', 'blog'); define('DB_USER', 'blog'); define('DB_PASSWORD', 'blog'); define('DB_HOST', 'localhost:$place/db');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://127.0.0.1:$BLOG_PORT'); define('WP_SITEURL', WP_HOME);
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
\$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', '$BLOG/');
require_once ABSPATH . 'wp-settings.php';
PHP
    mariadb-install-db --no-defaults --user="$(id -un)" --auth-root-authentication-method=normal --skip-test-db \
        --datadir="$place/data" > "$place/install.log" 2>&1
    start_database
    mariadb --no-defaults -S "$place/db" -e "create database blog character set utf8mb4; create user blog@localhost identified by 'blog'; grant all on blog.* to blog@localhost"
    site install > /dev/null
    site seed
    PHP_CLI_SERVER_WORKERS=3 setsid php -d sendmail_path=/bin/true -S "127.0.0.1:$BLOG_PORT" -t "$BLOG" "$here/router.php" > "$place/php.log" 2>&1 < /dev/null &
    server=$!
    for _ in $(seq 100); do curl -fsS -o /dev/null "http://127.0.0.1:$BLOG_PORT/" 2> /dev/null && break; sleep 0.2; done
    cat > "$place/gazetted.toml" <<TOML
[site]
title = "Test"
url = "http://news.example.org"
[store]
url = "sqlite:test.db"
[[source]]
name = "blog"
kind = "wordpress"
url = "http://127.0.0.1:$BLOG_PORT/"
allow_private = true
TOML
}
g() { "$gazetted" --config "$place/gazetted.toml" -q "$@"; }
poll() { g ingest > "$place/out" 2>&1 || true; }
held() { g articles list --json | jq -r '[.url, .published, .authors[0], .region] | @tsv' | sort; }
equal() { # step: what is held is what a visitor can read
    held > "$place/held"
    site visible | sort > "$place/seen"
    diff "$place/seen" "$place/held" >&2 || fail "$BLOG_ZONE: $1 (< can be read, > is held)"
    echo "$BLOG_ZONE: $1: all $(wc -l < "$place/held") pieces, their dates, authors and regions are right"
}

# The same site as its REST interface, its two feeds and its pages give it; once its pages alone, for its robots.txt
# keeps programs out of the rest, and once with the data that each page names.
ways() {
    site feeds 100
    for way in rest rss atom pages data; do
        mkdir -p "$place/$way"
        case $way in
            rest) kind=wordpress path= ;;
            rss) kind=feed path='?feed=rss2' ;;
            atom) kind=feed path='?feed=atom' ;;
            *) kind=site path= ;;
        esac
        {
            sed -e 's/^name = .*/name = "blog"/' -e "s/^kind = .*/kind = \"$kind\"/" \
                -e "s|^url = \"http://127.*|url = \"http://127.0.0.1:$BLOG_PORT/$path\"|" "$place/gazetted.toml"
            [ $kind = site ] && echo 'delay = "1ms"'
            printf '[feeds]\nitems = 100\n'
        } > "$place/$way/gazetted.toml"
        rm -f "$BLOG/robots.txt"
        [ $way != pages ] || printf 'User-agent: *\nDisallow: /wp-json/\nDisallow: /feed/\nDisallow: /*feed=\nSitemap: http://127.0.0.1:%s/wp-sitemap.xml\n' "$BLOG_PORT" > "$BLOG/robots.txt"
        "$gazetted" --config "$place/$way/gazetted.toml" -q ingest > "$place/$way/out" 2>&1 || fail "$way: $(cat "$place/$way/out")"
        "$gazetted" --config "$place/$way/gazetted.toml" articles list --json > "$place/$way/list"
        "$gazetted" --config "$place/$way/gazetted.toml" -q feeds build --out "$place/$way/feeds" > /dev/null
    done
    rm -f "$BLOG/robots.txt"
    site feeds 10
    php "$here/alike.php" "$place" rss atom pages data || fail "the ways to read one site differ"
}

while read -r zone links; do
    up "$zone" "$links"
    poll
    equal "first visit"
    case $links in /%category%*) ways ;; esac
    site change
    poll; poll
    equal "after 20 edits, 5 deletions, 3 trashed, 2 backdated, a renamed category, a moved piece"
    echo "<?php add_filter('rest_authentication_errors', fn () => new WP_Error('closed', '', ['status' => 403]));" > "$BLOG/wp-content/mu-plugins/closed.php"
    site change
    poll; poll
    held | cut -f1-3 > "$place/held"
    site visible | cut -f1-3 | sort > "$place/seen"
    diff "$place/seen" "$place/held" >&2 || fail "$zone: with REST switched off (< can be read, > is held)"
    g sources list --json | jq -e '.notice | contains("closed")' > /dev/null || fail "$zone: nobody is told that REST is closed"
    echo "$zone: with REST switched off and the same changes again: all $(wc -l < "$place/held") pieces are right"
    rm "$BLOG/wp-content/mu-plugins/closed.php"
    kept=$(held | wc -l)
    g ingest > /dev/null 2>&1 &
    poll=$!
    kill -KILL -- "-$database"
    wait "$poll" || true
    poll
    [ "$(held | wc -l)" = "$kept" ] || fail "$zone: a database that stops in mid-poll withdrew something"
    echo "$zone: a database that stopped in mid-poll withdrew nothing of $kept"
    end
done <<'ZONES'
America/New_York /%category%/%postname%/
Asia/Kolkata /%year%/%postname%/
Pacific/Auckland
ZONES
