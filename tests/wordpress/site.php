<?php
// Drives a WordPress from the command line: `php site.php install|seed|change|feeds N|visible`.
// The environment names the docroot (BLOG), the port (BLOG_PORT) and the zone (BLOG_ZONE).
$_SERVER += ['HTTP_HOST' => '127.0.0.1:' . getenv('BLOG_PORT'), 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
$step = $argv[1] ?? '';
if ($step === 'install') {
    define('WP_INSTALLING', true);
}
require getenv('BLOG') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
kses_remove_filters();

/** A post; $more overrides. */
function piece(string $title, int $age, array $categories, array $more = []): int {
    $moment = gmdate('Y-m-d H:i:s', time() - $age);
    $text = "<p>What is known of $title fits into a few lines, and these are the first of them.</p>\n"
        . "<h2>What follows from it</h2>\n<p>A second paragraph says &#8220;more&#8221; of $title &amp; of what is near.</p>\n"
        . "<ul>\n<li>One thing is <a href=\"/near/\">near</a>,</li>\n<li>another <em>far</em>.</li>\n</ul>\n"
        . "<blockquote><p>Who was there remembers it otherwise.</p></blockquote>\n<p>The last line is about $title again.</p>";
    $id = wp_insert_post(wp_slash($more + [
        'post_title' => $title, 'post_content' => $text, 'post_status' => 'publish', 'post_author' => 1,
        'post_date_gmt' => $moment, 'post_date' => get_date_from_gmt($moment), 'post_category' => $categories,
    ]), true);
    is_wp_error($id) && exit($id->get_error_message());
    return $id;
}

/** The id of a category, made if it is not there. */
function category(string $name, int $parent = 0): int {
    $known = term_exists($name, 'category', $parent) ?: wp_insert_term($name, 'category', ['parent' => $parent]);
    return (int) $known['term_id'];
}

/** Posts that everybody can read. */
function visible(): array {
    return get_posts(['numberposts' => -1, 'post_status' => 'publish', 'has_password' => false, 'orderby' => 'ID', 'order' => 'ASC']);
}

switch ($step) {
    case 'install':
        wp_install('A blog', 'desk', 'desk@example.org', true, '', 'desk');
        update_option('permalink_structure', getenv('BLOG_LINKS'));
        update_option('timezone_string', getenv('BLOG_ZONE'));
        wp_update_user(['ID' => 1, 'display_name' => 'Regional desk']);
        wp_delete_post(1, true);
        flush_rewrite_rules();
        break;
    case 'seed':
        $tree = ['AFRICA' => ['Kenya', 'Egypt', 'Ghana'], 'EUROPE' => ['Germany', 'Poland'], 'ASIA' => ['Japan', 'India'], 'AMERICAS' => ['Chile', 'Canada']];
        $countries = [];
        foreach ($tree as $region => $names) {
            foreach ($names as $name) {
                $countries[] = [category($region), category($name, category($region))];
            }
        }
        for ($nth = 0; $nth < 60; $nth++) {
            [$region, $country] = $countries[$nth % count($countries)];
            piece("Piece $nth", (80 - $nth) * 5400, $nth % 2 ? [$region, $country] : [$country]);
        }
        piece('Fish & <em>chips</em>, “quoted”', 900, [$countries[3][1]]);
        piece('', 800, [$countries[0][1]]);
        piece('Behind a password', 700, [$countries[0][1]], ['post_password' => 'sesame']);
        piece('A private memo', 600, [$countries[0][1]], ['post_status' => 'private']);
        piece('Not done yet', 500, [$countries[0][1]], ['post_status' => 'draft']);
        piece('For tomorrow', -86400, [$countries[0][1]], ['post_status' => 'future']);
        break;
    case 'change':
        $posts = visible();
        foreach (array_slice($posts, 0, 20) as $post) {
            wp_update_post(['ID' => $post->ID, 'post_title' => wp_slash("$post->post_title, corrected")]);
        }
        foreach (array_slice($posts, 20, 5) as $post) {
            wp_delete_post($post->ID, true);
        }
        foreach (array_slice($posts, 25, 3) as $post) {
            wp_trash_post($post->ID);
        }
        piece('Found in the attic', 400 * 86400, [category('Poland', category('EUROPE'))]);
        piece('Found in the cellar', 900 * 86400, [category('Poland', category('EUROPE'))]);
        wp_update_term(category('Germany', category('EUROPE')), 'category', ['name' => 'France', 'slug' => 'france']);
        wp_update_post(['ID' => $posts[30]->ID, 'post_name' => 'under-another-name']);
        break;
    case 'feeds':
        update_option('posts_per_rss', (int) $argv[2]);
        break;
    case 'visible':
        foreach (visible() as $post) {
            $country = '';
            foreach (get_the_category($post->ID) as $term) {
                $country = $term->parent ? strtolower(get_term($term->parent)->name . "/$term->name") : $country;
            }
            echo get_permalink($post), "\t", str_replace(' ', 'T', $post->post_date_gmt), "Z\t", get_the_author_meta('display_name', $post->post_author), "\t$country\n";
        }
        break;
    default:
        exit("usage: php site.php install|seed|change|feeds N|visible\n");
}
