<?php
// POST /api/token in plain PHP, by the same function of the database.

declare(strict_types=1);

$config = require __DIR__ . '/../common.php';

function uuid7(): string
{
    $hex = sprintf('%012x', (int) (microtime(true) * 1000)) . bin2hex(random_bytes(10));
    $hex[12] = '7';
    $hex[16] = '89ab'[hexdec($hex[16]) & 3];
    return substr($hex, 0, 8) . '-' . substr($hex, 8, 4) . '-' . substr($hex, 12, 4) . '-' . substr($hex, 16, 4) . '-'
        . substr($hex, 20);
}

function invalid(string $why): never
{
    answer(400, ['error' => 'invalid_request', 'error_description' => $why]);
}

$body = json_decode(file_get_contents('php://input'), true, 16);
if (!is_array($body) || array_is_list($body)) {
    invalid('The body is not a JSON object');
}
$key = $body['api_key'] ?? '';
$secret = $body['api_secret'] ?? '';
$user = $body['taiki_user_id'] ?? '';
if (!is_string($key) || !is_string($secret) || !is_string($user)) {
    invalid('A member is of the wrong type');
}
if ($key === '' || $secret === '') {
    invalid('No API key or API secret provided');
}

$hashes = [];
foreach ($config['secret_hash_keys'] as $hash_key) {
    $hashes[] = '"\\\\x' . hash_hmac('sha256', $secret, $hash_key) . '"';
}
try {
    // Kept from request to request; parameters go beside the statement, in one round trip, and nothing is prepared.
    $database = new PDO($config['database'], $config['database_user'], null, [
        PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
    ]);
    $call = $database->prepare(
        'SELECT outcome, client_app_id, user_id FROM latchkey_api.token_context(?, ?, ?, ?, ?, ?, ?)');
    $call->execute([
        $_SERVER['LATCHKEY_MODE'], $key, '{' . implode(',', $hashes) . '}', $user === '' ? null : $user, uuid7(),
        $_SERVER['HTTP_IDEMPOTENCY_KEY'] ?? null, $_SERVER['LATCHKEY_REQUEST_ID'],
    ]);
    $context = $call->fetch(PDO::FETCH_ASSOC);
} catch (PDOException $error) {
    answer(503, ['error' => 'temporarily_unavailable', 'error_description' => 'Try again later'], ['Retry-After: 1']);
}
if ($context['outcome'] !== 'ok') {
    answer(401, [
        'error' => 'invalid_client',
        'error_description' => 'Incorrect API key, API secret, or Taiki user ID provided',
    ]);
}

$now = time();
$header = ['alg' => 'HS256', 'typ' => 'JWT', 'kid' => $config['current_key']];
$claims = [
    'token_type' => 'access', 'exp' => $now + 3600, 'iat' => $now, 'jti' => bin2hex(random_bytes(16)),
    'client_app_id' => $context['client_app_id'], 'taiki_user_id' => $context['user_id'],
    'mode' => $_SERVER['LATCHKEY_MODE'],
];
$signed = base64url_encode(json_encode($header)) . '.' . base64url_encode(json_encode($claims));
$signature = hash_hmac('sha256', $signed, $config['keys'][$config['current_key']], true);
answer(200, ['access_token' => $signed . '.' . base64url_encode($signature), 'taiki_user_id' => $context['user_id']]);
