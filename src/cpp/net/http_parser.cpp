#include "net/http_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <utility>

namespace net {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t max_chunk_header =
    64; // a line end and the size, which may have zeros in front
constexpr std::size_t max_blank_bytes = 64; // line ends before a request
constexpr std::size_t usual_fields = 16;    // of a browser; more find room as well

bool is_line_end(char c) noexcept {
    return c == '\r' || c == '\n';
}

} // namespace

// Beast finds the parts; this keeps them and refuses what Beast lets pass.
//
// The overriding functions are not marked `override`: on_trailer_field_impl exists in newer
// versions of Beast only, in older ones trailers come through on_field_impl.
class http_parser::machine final : public http::basic_parser<true> {
public:
    machine(const limits& bounds, std::size_t max_body_bytes)
        : bounds_(bounds), max_body_bytes_(max_body_bytes) {
        header_limit(static_cast<std::uint32_t>(bounds.head_bytes));
        body_limit(boost::none); // ours is answered with a 413, not with an error
        request_.headers.reserve(usual_fields);
    }

    std::size_t take(std::string_view bytes) {
        std::size_t taken = 0;
        if (phase_ == phase::idle) {
            // An empty line before a request is to be ignored (RFC 9112, 2.2).
            while (taken < bytes.size() && is_line_end(bytes[taken]))
                ++taken;
            blank_bytes_ += taken;
            if (blank_bytes_ > max_blank_bytes)
                fail(400);
            else if (taken < bytes.size())
                phase_ = phase::head;
        }
        while (taken < bytes.size() && (phase_ == phase::head || phase_ == phase::body)) {
            error_code error;
            element_ = bytes.data() + taken;
            taken += put({element_, bytes.size() - taken}, error);
            if (error == http::error::need_more) {
                // Only a chunk's header waits in a body; a '\r' may have come behind it.
                if (phase_ == phase::body && bytes.size() - taken > max_chunk_header + 1)
                    fail(400);
                break;
            }
            if (error)
                fail(status_for(error));
        }
        return taken;
    }

    const limits bounds_; // its own: the connection may move to another shard
    const std::size_t max_body_bytes_;
    eio::http_request request_;
    phase phase_ = phase::idle;
    int status_ = 0;
    bool expects_continue_ = false;

private:
    using string_view = boost::beast::string_view;

    void fail(int status) {
        phase_ = phase::failed;
        if (status_ == 0)
            status_ = status;
    }
    // Ends the parsing from inside a callback.
    void refuse(int status, error_code& error) {
        status_ = status;
        error = http::error::bad_field;
    }
    int status_for(error_code error) const noexcept {
        if (error != http::error::header_limit)
            return 400;
        return request_.method.empty() ? 414 : 431; // which of the two did not end in time
    }

    void on_request_impl(
        http::verb, string_view method, string_view target, int version, error_code& error) {
        if (target.size() > bounds_.target_bytes)
            return refuse(414, error);
        request_.method = method;
        request_.http_version = version == 10 ? "1.0" : "1.1";
        // The absolute form, as to a proxy, is to be understood (RFC 9112, 3.2.2).
        if (const auto scheme = target.find("://");
            scheme != target.npos && scheme < target.find_first_of("/?")) {
            const auto path = target.find_first_of("/?", scheme + 3);
            target = path == target.npos ? string_view("/") : target.substr(path);
        }
        const auto question = std::min(target.find('?'), target.size());
        request_.path = target.substr(0, question);
        if (question < target.size())
            request_.query = target.substr(question + 1);
    }
    void on_response_impl(int, string_view, int, error_code&) {}

    void on_field_impl(http::field field, string_view name, string_view value, error_code& error) {
        if (phase_ != phase::head)
            return refuse(400, error); // a trailer
        if (request_.headers.size() == bounds_.head_fields)
            return refuse(431, error);
        switch (field) {
        case http::field::host:
            if (request_.has_header("Host"))
                return refuse(400, error);
            break;
        case http::field::transfer_encoding:
            // Beast would read "gzip" or "chunked, gzip" as a request without a body, and take
            // the body for the next request.
            if (!eio::equal_ignoring_case(value, "chunked") || request_.http_version == "1.0")
                return refuse(400, error);
            break;
        case http::field::expect:
            if (!eio::equal_ignoring_case(value, "100-continue"))
                return refuse(417, error);
            expects_continue_ = request_.http_version != "1.0";
            break;
        default:
            break;
        }
        request_.headers.push_back({std::string(name), std::string(value)});
    }
    void on_trailer_field_impl(http::field, string_view, string_view, error_code& error) {
        refuse(400, error);
    }

    void on_header_impl(error_code& error) {
        if (request_.http_version == "1.1" && !request_.has_header("Host"))
            return refuse(400, error);
        if (content_length().value_or(0) > max_body_bytes_)
            return drop_body();
        phase_ = phase::body;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) {}
    std::size_t on_body_impl(string_view piece, error_code&) {
        request_.body += piece; // its length was checked with the head
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) {
        const auto header_size = static_cast<std::size_t>(extensions.data() - element_);
        if (!extensions.empty() || header_size > max_chunk_header)
            return refuse(400, error);
        if (size > max_body_bytes_ - request_.body.size())
            drop_body();
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) {
        request_.body += piece;
        return piece.size();
    }
    void on_finish_impl(error_code&) { phase_ = phase::done; }

    void drop_body() {
        request_.body = {};
        request_.body_too_large = true;
        phase_ = phase::done;
    }

    std::size_t blank_bytes_ = 0;
    const char* element_ = nullptr; // where the part begins that Beast is given
};

http_parser::http_parser(const limits& bounds, std::size_t max_body_bytes)
    : machine_(std::make_unique<machine>(bounds, max_body_bytes)) {}
http_parser::~http_parser() = default;
http_parser::http_parser(http_parser&&) noexcept = default;
http_parser& http_parser::operator=(http_parser&&) noexcept = default;

std::size_t http_parser::feed(std::string_view bytes) {
    return machine_->take(bytes);
}

http_parser::phase http_parser::at() const noexcept {
    return machine_->phase_;
}

int http_parser::status() const noexcept {
    return machine_->status_;
}

eio::http_request& http_parser::request() noexcept {
    return machine_->request_;
}

bool http_parser::keep_alive() const noexcept {
    return machine_->phase_ == phase::done && machine_->keep_alive() &&
           !machine_->request_.body_too_large;
}

bool http_parser::expects_continue() const noexcept {
    return machine_->phase_ == phase::body && machine_->expects_continue_ &&
           machine_->request_.body.empty();
}

} // namespace net
