// Questions of several coroutines that leave together in one call, and come back as an answer for each.
// Owns the questions that wait; bounded by those who ask. The loop's thread only.
#pragma once

#include "net/loop.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ferry::feature {

template <class Question, class Answer>
class SharedCall {
 public:
  // Gives an answer for each question, in their order.
  using Call = std::function<net::Task<std::vector<Answer>>(std::vector<Question>)>;

  // `most`: questions in one call.
  SharedCall(net::Loop& loop, std::size_t most, Call call)
      : loop_(loop), came_(loop), most_(most), call_(std::move(call)) {}

  // Waits for the call that serve() makes with it.
  net::Task<Answer> ask(Question question) {
    const auto waiting = std::make_shared<Waiting>(loop_, std::move(question));
    waiting_.push_back(waiting);
    came_.set();
    co_await waiting->answered.wait();
    co_return std::move(*waiting->answer);
  }

  // Makes the calls, one after the other, until it is cancelled: what is asked during one leaves with the
  // next. Run beside each other, several make as many calls at a time.
  net::Task<> serve() {
    while (true) {
      co_await came_.wait();
      const std::vector<std::shared_ptr<Waiting>> batch = take_batch();
      if (batch.empty()) continue;
      std::vector<Question> questions;
      questions.reserve(batch.size());
      for (const std::shared_ptr<Waiting>& waiting : batch) questions.push_back(waiting->question);
      std::vector<Answer> answers = co_await call_(std::move(questions));
      for (std::size_t index = 0; index < batch.size(); ++index) {
        batch[index]->answer = std::move(answers.at(index));
        batch[index]->answered.set();
      }
    }
  }

 private:
  // Shared: whoever asks may be cancelled while the call is under way.
  struct Waiting {
    Waiting(net::Loop& loop, Question its_question) : question(std::move(its_question)), answered(loop) {}

    Question question;
    std::optional<Answer> answer;
    net::Event answered;
  };

  std::vector<std::shared_ptr<Waiting>> take_batch() {
    const auto count = static_cast<std::ptrdiff_t>(std::min(most_, waiting_.size()));
    std::vector<std::shared_ptr<Waiting>> batch(waiting_.begin(), waiting_.begin() + count);
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    if (waiting_.empty()) came_.reset();
    return batch;
  }

  net::Loop& loop_;
  net::Event came_;
  std::size_t most_;
  Call call_;
  std::deque<std::shared_ptr<Waiting>> waiting_;
};

}  // namespace ferry::feature
