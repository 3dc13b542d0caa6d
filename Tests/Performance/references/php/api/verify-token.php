<?php
// POST /api/verify-token in plain PHP.

declare(strict_types=1);

$config = require __DIR__ . '/../common.php';

const UUID = '/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/Di';

/** The claims of a good token, or null. */
function verified(string $token, array $config, string $mode, int $now): ?array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) {
        return null;
    }
    $header = json_decode(base64url_decode($parts[0]) ?: '', true, 16);
    if (!is_array($header) || ($header['alg'] ?? null) !== 'HS256'
        || strcasecmp((string) ($header['typ'] ?? 'JWT'), 'JWT') !== 0
        || array_intersect_key($header, ['crit' => 1, 'b64' => 1, 'jku' => 1, 'jwk' => 1, 'x5u' => 1, 'x5c' => 1, 'zip' => 1])
    ) {
        return null;
    }
    $signature = base64url_decode($parts[2]);
    if ($signature === false) {
        return null;
    }
    if (isset($header['kid'])) {
        $keys = isset($config['keys'][$header['kid']]) ? [$config['keys'][$header['kid']]] : [];
    } else {
        $keys = $config['keys'];
    }
    $signed = $parts[0] . '.' . $parts[1];
    $good = false;
    foreach ($keys as $key) {
        $good = $good || hash_equals(hash_hmac('sha256', $signed, $key, true), $signature);
    }
    if (!$good) {
        return null;
    }

    $claims = json_decode(base64url_decode($parts[1]) ?: '', true, 16);
    if (!is_array($claims)) {
        return null;
    }
    $issued = $claims['iat'] ?? null;
    $expires = $claims['exp'] ?? null;
    if (($claims['token_type'] ?? null) !== 'access'
        || !is_numeric($issued) || !is_numeric($expires)
        || $expires <= $now || $issued > $now + 60 || $expires - $issued > 3600
        || (isset($claims['nbf']) && $claims['nbf'] > $now + 60)
        || array_key_exists('aud', $claims)
        || !preg_match('/^[0-9a-f]{32}$/D', (string) ($claims['jti'] ?? ''))
        || !preg_match(UUID, (string) ($claims['client_app_id'] ?? ''))
        || !preg_match(UUID, (string) ($claims['taiki_user_id'] ?? ''))
        || ($claims['mode'] ?? 'production') !== $mode
        || !isset($config['apps'][$claims['client_app_id']])
    ) {
        return null;
    }
    return $claims;
}

$words = preg_split('/\s+/', trim($_SERVER['HTTP_AUTHORIZATION'] ?? ''));
if (strcasecmp($words[0], 'Bearer') !== 0) {
    answer(401, ['detail' => 'Authentication credentials were not provided.'], ['WWW-Authenticate: Bearer realm="api"']);
}
if (count($words) !== 2) {
    answer(401, [
        'detail' => 'Authorization header must contain two space-delimited values', 'code' => 'bad_authorization_header',
    ], ['WWW-Authenticate: Bearer realm="api"']);
}
$claims = verified($words[1], $config, $_SERVER['LATCHKEY_MODE'], time());
if ($claims === null) {
    answer(401, [
        'detail' => 'Given token not valid for any token type', 'code' => 'token_not_valid',
        'messages' => [
            ['token_class' => 'AccessToken', 'token_type' => 'access', 'message' => 'Token is invalid or expired'],
        ],
    ], ['WWW-Authenticate: Bearer realm="api", error="invalid_token"']);
}
answer(200, ['valid' => true, 'taiki_user' => $claims['taiki_user_id'], 'client' => $claims['client_app_id']]);
