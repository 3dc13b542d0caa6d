<?php
// What both endpoints share.

declare(strict_types=1);

function base64url_encode(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function base64url_decode(string $text): string|false
{
    return base64_decode(strtr($text, '-_', '+/'), true);
}

/** Answers and ends the request. */
function answer(int $status, array $body, array $headers = []): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    header('X-Request-Id: ' . $_SERVER['LATCHKEY_REQUEST_ID']);
    foreach ($headers as $header) {
        header($header);
    }
    $text = json_encode($body, JSON_UNESCAPED_SLASHES);
    header('Content-Length: ' . strlen($text));
    echo $text;
    exit;
}

// Keys and client apps, as PHP text that opcache holds compiled: no file is read and no JSON parsed for a request.
return require getenv('LATCHKEY_CONFIG');
