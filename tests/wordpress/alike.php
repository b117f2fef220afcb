<?php
// Compares what was taken in of one site in several ways with what its REST interface gave:
// `php alike.php FOLDER WAY…`. Fields have to be equal, texts at least .97 alike by F1 of their words.
[, $place] = $argv;
const FIELDS = ['title', 'published', 'region', 'authors'];

/** Fields and texts by the path of their address. */
function taken(string $folder): array {
    $taken = [];
    foreach (file("$folder/list") as $line) {
        $one = json_decode($line, true);
        $one['published'] = substr($one['published'], 0, 16);
        $one['authors'] = $one['authors'][0] ?? '';
        $taken[parse_url($one['url'], PHP_URL_PATH)] = $one;
    }
    foreach (json_decode(file_get_contents("$folder/feeds/feeds/all.json"), true)['items'] as $item) {
        $path = parse_url($item['url'], PHP_URL_PATH);
        $text = html_entity_decode(strip_tags(preg_replace('~<(p|br|li|h\d|div|figure)\b~', ' $0', $item['content_html'] ?? '')));
        preg_match_all('/[\p{L}\p{N}]+/u', mb_strtolower($text), $words);
        $taken[$path]['words'] = array_count_values($words[0]);
    }
    return $taken;
}

function alike(array $a, array $b): float {
    $both = 0;
    foreach ($a as $word => $count) {
        $both += min($count, $b[$word] ?? 0);
    }
    $all = array_sum($a) + array_sum($b);
    return $all ? 2 * $both / $all : 1.0;
}

$rest = taken("$place/rest");
$wrong = 0;
foreach (array_slice($argv, 2) as $way) {
    $other = taken("$place/$way");
    // A feed lists what is behind a password, with a form in place of the text.
    $other = array_filter($other, fn ($one) => !str_starts_with($one['title'], 'Protected: '));
    foreach (array_diff_key($rest, $other) as $path => $one) {
        // A permalink that ends in a number is taken for the page of a list: there is nothing to read.
        if (str_contains(get_headers($one['url'])[0] ?? '', ' 404 ')) {
            echo "$way: $path is not there, for WordPress itself answers 404\n";
            continue;
        }
        echo "$way: $path is missing\n";
        $wrong++;
    }
    foreach (array_diff_key($other, $rest) as $path => $_) {
        echo "$way: $path is too many\n";
        $wrong++;
    }
    $likeness = [];
    foreach (array_intersect_key($rest, $other) as $path => $one) {
        foreach (FIELDS as $field) {
            if ($one[$field] !== $other[$path][$field]) {
                echo "$way: $path: $field is `{$other[$path][$field]}` and not `$one[$field]`\n";
                $wrong++;
            }
        }
        $likeness[$path] = alike($one['words'] ?? [], $other[$path]['words'] ?? []);
    }
    $least = $likeness ? min($likeness) : 0;
    $mean = $likeness ? array_sum($likeness) / count($likeness) : 0;
    printf("%s: %d pieces as REST gives them, texts %.3f alike, the least %.3f\n", $way, count($likeness), $mean, $least);
    $wrong += $least < 0.97;
}
exit($wrong ? 1 : 0);
