<?php
// Sends every case as JSON and as binary over Connect, with classes that protoc generated, and prints a line of JSON for
// each: see ../../README.md. Uses nothing but PHP and its protobuf library.

declare(strict_types=1);

use Google\Protobuf\Internal\Message;
use Google\Rpc\BadRequest;
use Google\Rpc\ErrorInfo;
use MobileDataPlanSharing\V1\CreatePlanGroupRequest;
use MobileDataPlanSharing\V1\CreatePlanStatusRequest;
use MobileDataPlanSharing\V1\CreateUserPlanStatusRequest;
use MobileDataPlanSharing\V1\PlanGroup;
use MobileDataPlanSharing\V1\PlanStatus;

error_reporting(E_ALL & ~E_DEPRECATED);
set_error_handler(function (int $level, string $text, string $file, int $line): bool {
    if (error_reporting() & $level) {
        throw new ErrorException($text, 0, $level, $file, $line);
    }
    return false;
});

// The library and the generated code have one class per file; `include_path` has the folders of both.
spl_autoload_register(function (string $class): void {
    $file = stream_resolve_include_path(str_replace('\\', '/', $class) . '.php');
    if ($file !== false) {
        require $file;
    }
});

const METHODS = [
    'CreateUserPlanStatus' => [CreateUserPlanStatusRequest::class, PlanStatus::class],
    'CreatePlanStatus' => [CreatePlanStatusRequest::class, PlanStatus::class],
    'CreatePlanGroup' => [CreatePlanGroupRequest::class, PlanGroup::class],
];
const PROTOCOLS = ['connect' => 'application/proto', 'connect json' => 'application/json'];

$vectors = json_decode(file_get_contents(getenv('MDPS_VECTORS')), false, 512, JSON_THROW_ON_ERROR);
foreach (PROTOCOLS as $protocol => $contentType) {
    foreach (['json', 'binary'] as $form) {
        foreach ($vectors->cases as $case) {
            $why = run($case, $form, $contentType);
            $report = ['protocol' => $protocol, 'form' => $form, 'case' => $case->name, 'ok' => $why === null];
            echo json_encode($why === null ? $report : $report + ['why' => $why], JSON_THROW_ON_ERROR), "\n";
        }
    }
}

/** Sends a case. Returns the problem of the answer, or null. */
function run(object $case, string $form, string $contentType): ?string
{
    [$requestClass, $responseClass] = METHODS[$case->method];
    $request = new $requestClass();
    try {
        if ($form === 'json') {
            decode($request, json_encode($case->request, JSON_THROW_ON_ERROR), 'application/json');
        } else {
            $request->mergeFromString(base64_decode($case->requestBinary, true));
        }
    } catch (Exception $error) {
        return "the request cannot be read: {$error->getMessage()}";
    }
    [$status, $body] = post($case, encode($request, $contentType), $contentType);
    if ($status !== 200) {
        return compareError($case, json_decode($body, false, 512, JSON_THROW_ON_ERROR));
    }
    if (isset($case->error)) {
        return "expected code {$case->error->code}, got OK";
    }
    $response = decode(new $responseClass(), $body, $contentType);
    $expected = decode(new $responseClass(), json_encode($case->response, JSON_THROW_ON_ERROR), 'application/json');
    [$got, $wanted] = [$response->serializeToJsonString(), $expected->serializeToJsonString()];
    // As arrays, because version 3.21 of the library reads an empty object of a Struct in JSON as an empty list.
    return json_decode($got, true) === json_decode($wanted, true) ? null : "expected the response $wanted, got $got";
}

/** @return array{int, string} The status and the body. */
function post(object $case, string $body, string $contentType): array
{
    $tokens = json_decode(getenv('MDPS_TOKENS'), true);
    $headers = ["content-type: $contentType", 'connect-protocol-version: 1'];
    if ($case->token !== 'none') {
        $headers[] = "authorization: Bearer {$tokens[$case->token]}";
    }
    $options = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 60];
    $url = getenv('MDPS_ENDPOINT') . "/{$case->service}/{$case->method}";
    $answer = file_get_contents($url, false, stream_context_create(['http' => $options]));
    return [(int) explode(' ', $http_response_header[0])[1], $answer];
}

function encode(Message $message, string $contentType): string
{
    return $contentType === 'application/json' ? $message->serializeToJsonString() : $message->serializeToString();
}

function decode(Message $message, string $body, string $contentType): Message
{
    if ($contentType === 'application/json') {
        // Version 3.21 of the library reads `.5` of a second as 5 nanoseconds: it needs all nine digits.
        $padded = preg_replace_callback(
            '/(?<=:\d\d\.)\d+(?=Z")/',
            fn (array $digits): string => str_pad($digits[0], 9, '0'),
            $body,
        );
        $message->mergeFromJsonString($padded);
    } else {
        $message->mergeFromString($body);
    }
    return $message;
}

function compareError(object $case, object $error): ?string
{
    $expected = $case->error ?? (object) ['code' => 'OK'];
    $code = strtoupper($error->code);
    if ($code !== $expected->code) {
        return "expected code {$expected->code}, got $code: {$error->message}";
    }
    $reason = null;
    $violations = [];
    foreach ($error->details as $detail) {
        $bytes = base64_decode($detail->value, true);
        if ($detail->type === 'google.rpc.ErrorInfo') {
            $info = new ErrorInfo();
            $info->mergeFromString($bytes);
            $reason = $info->getReason();
        } elseif ($detail->type === 'google.rpc.BadRequest') {
            $badRequest = new BadRequest();
            $badRequest->mergeFromString($bytes);
            foreach ($badRequest->getFieldViolations() as $violation) {
                $violations[] = $violation->getField();
            }
        }
    }
    if (isset($expected->reason) && $reason !== $expected->reason) {
        return "expected reason {$expected->reason}, got $reason: {$error->message}";
    }
    $wanted = $expected->violations ?? [];
    return $violations === $wanted
        ? null
        : 'expected violations ' . json_encode($wanted) . ', got ' . json_encode($violations);
}
