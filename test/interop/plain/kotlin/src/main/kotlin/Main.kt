// Sends every case as JSON and as binary over Connect, with classes that protoc generated, and prints a line of JSON for
// each: see ../../README.md.

import com.google.gson.Gson
import com.google.gson.GsonBuilder
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.protobuf.InvalidProtocolBufferException
import com.google.protobuf.Message
import com.google.protobuf.util.JsonFormat
import com.google.rpc.BadRequest
import com.google.rpc.ErrorInfo
import com.mobiledataplansharing.v1.CreatePlanGroupRequest
import com.mobiledataplansharing.v1.CreatePlanStatusRequest
import com.mobiledataplansharing.v1.CreateUserPlanStatusRequest
import com.mobiledataplansharing.v1.PlanGroup
import com.mobiledataplansharing.v1.PlanStatus
import com.mobiledataplansharing.v1.createUserPlanStatusRequest
import com.mobiledataplansharing.v1.planStatus
import java.io.FileDescriptor
import java.io.FileOutputStream
import java.io.PrintStream
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Files
import java.nio.file.Path
import java.util.Base64

/** The default messages of a method, from which others are built. */
class Method(val request: Message, val response: Message)

val methods = mapOf(
    "CreateUserPlanStatus" to Method(CreateUserPlanStatusRequest.getDefaultInstance(), PlanStatus.getDefaultInstance()),
    "CreatePlanStatus" to Method(CreatePlanStatusRequest.getDefaultInstance(), PlanStatus.getDefaultInstance()),
    "CreatePlanGroup" to Method(CreatePlanGroupRequest.getDefaultInstance(), PlanGroup.getDefaultInstance()),
)
val contentTypes = mapOf("connect" to "application/proto", "connect json" to "application/json")

val gson: Gson = GsonBuilder().disableHtmlEscaping().serializeNulls().create()
val client: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()
val tokens: JsonObject = JsonParser.parseString(System.getenv("MDPS_TOKENS")).asJsonObject

fun main() {
    // The encoding of System.out depends on the locale.
    val out = PrintStream(FileOutputStream(FileDescriptor.out), true, Charsets.UTF_8)
    checkBuilders()
    val vectors = JsonParser.parseString(Files.readString(Path.of(System.getenv("MDPS_VECTORS")))).asJsonObject
    for ((protocol, contentType) in contentTypes) {
        for (form in listOf("json", "binary")) {
            for (each in vectors.getAsJsonArray("cases").map(JsonElement::getAsJsonObject)) {
                val why = run(each, form, contentType)
                val report = mapOf("protocol" to protocol, "form" to form, "case" to each.text("name"), "ok" to (why == null))
                out.println(gson.toJson(if (why == null) report else report + ("why" to why)))
            }
        }
    }
}

/** Fails unless a message that the builders of Kotlin make is read back from its bytes. */
fun checkBuilders() {
    val request = createUserPlanStatusRequest {
        parent = "operators/65001"
        userKey = "vector-kotlin"
        planStatus = planStatus { languageCode = "en-US" }
    }
    check(CreateUserPlanStatusRequest.parseFrom(request.toByteArray()) == request)
}

/** Sends a case. Returns the problem of the answer, or null. */
fun run(vector: JsonObject, form: String, contentType: String): String? {
    val method = methods.getValue(vector.text("method"))
    val request =
        try {
            if (form == "json") parseJson(method.request, gson.toJson(vector["request"]))
            else method.request.parserForType.parseFrom(Base64.getDecoder().decode(vector.text("requestBinary")))
        } catch (error: InvalidProtocolBufferException) {
            return "the request cannot be read: ${error.message}"
        }
    val isJson = contentType == "application/json"
    val body = if (isJson) JsonFormat.printer().print(request).toByteArray() else request.toByteArray()
    val (status, answer) = post(vector, body, contentType)
    if (status != 200) {
        return compareError(vector, JsonParser.parseString(String(answer)).asJsonObject)
    }
    if (vector.has("error")) {
        return "expected code ${vector.getAsJsonObject("error").text("code")}, got OK"
    }
    val response = if (isJson) parseJson(method.response, String(answer)) else method.response.parserForType.parseFrom(answer)
    val expected = parseJson(method.response, gson.toJson(vector["response"]))
    return if (response == expected) null else "expected the response ${oneLine(expected)}, got ${oneLine(response)}"
}

fun post(vector: JsonObject, body: ByteArray, contentType: String): Pair<Int, ByteArray> {
    val url = "${System.getenv("MDPS_ENDPOINT")}/${vector.text("service")}/${vector.text("method")}"
    val request = HttpRequest.newBuilder(URI.create(url))
        .header("content-type", contentType)
        .header("connect-protocol-version", "1")
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
    val token = vector.text("token")
    if (token != "none") {
        request.header("authorization", "Bearer ${tokens.text(token)}")
    }
    val response = client.send(request.build(), BodyHandlers.ofByteArray())
    return response.statusCode() to response.body()
}

fun compareError(vector: JsonObject, error: JsonObject): String? {
    val expected = vector.getAsJsonObject("error") ?: JsonObject().apply { addProperty("code", "OK") }
    val code = error.text("code").uppercase()
    if (code != expected.text("code")) {
        return "expected code ${expected.text("code")}, got $code: ${error["message"]}"
    }
    var reason: String? = null
    val violations = mutableListOf<String>()
    for (detail in error.getAsJsonArray("details").map(JsonElement::getAsJsonObject)) {
        val bytes = Base64.getDecoder().decode(detail.text("value"))
        when (detail.text("type")) {
            "google.rpc.ErrorInfo" -> reason = ErrorInfo.parseFrom(bytes).reason
            "google.rpc.BadRequest" -> violations += BadRequest.parseFrom(bytes).fieldViolationsList.map { it.field }
        }
    }
    if (expected.has("reason") && reason != expected.text("reason")) {
        return "expected reason ${expected.text("reason")}, got $reason: ${error["message"]}"
    }
    val wanted = expected.getAsJsonArray("violations")?.map(JsonElement::getAsString).orEmpty()
    return if (violations == wanted) null else "expected violations $wanted, got $violations"
}

fun parseJson(prototype: Message, json: String): Message =
    prototype.newBuilderForType().also { JsonFormat.parser().merge(json, it) }.build()

fun oneLine(message: Message): String = JsonFormat.printer().omittingInsignificantWhitespace().print(message)

fun JsonObject.text(key: String): String = this[key].asString
