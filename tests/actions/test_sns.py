"""sns.publish: texts that SNS would refuse are cleaned, and a repeated message has the same id."""

from __future__ import annotations

from typing import Any

import pytest

from actions.kinds.sns import LARGEST_TEXT, PUBLISH, clean_subject, shortened
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed, EffectUnknown
from tests.actions.contexts import context
from tests.servers.moto import Moto

TOPIC = "arn:aws:sns:us-west-2:123456789012:aurora-restore"


def publish(sandbox: Sandbox, key: str = "op-001/7", **params: Any) -> Any:
    given = context(clients=sandbox.clients, key=key, sources={"topic": "ssm:/aurora/topic"})
    return PUBLISH.run({"topic": TOPIC, "text": "It is done."} | params, given)


@pytest.mark.parametrize(
    ("subject", "clean"),
    [
        ("done", "done"),
        ("two\nlines\t and\r\nmore", "two lines and more"),
        ("café – “done” … naïve", "cafe - ?done? ... naive"),
        ("復元 done", "?? done"),
        ("  spaces  ", "spaces"),
        ("\n\n", ""),
        ("", ""),
        ("\x1b[31mred\x7f", "[31mred"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 97 + "..."),
    ],
)
def test_a_subject_becomes_one_line_of_ascii(subject: str, clean: str) -> None:
    assert clean_subject(subject) == clean


@pytest.mark.parametrize("subject", ["café", "x" * 300, "two\nlines", "", None])
def test_sns_accepts_every_cleaned_subject(subject: str | None) -> None:
    sandbox = Sandbox()
    publish(sandbox, subject=subject)
    [message] = sandbox.messages
    assert message["subject"] == (clean_subject(subject or "") or None)


def test_a_message_is_sent_with_attributes_and_event_id() -> None:
    sandbox = Sandbox()
    done = publish(sandbox, subject="done", attributes={"level": "info", "none": "", "number": 5})
    [message] = sandbox.messages
    assert done == {"message_id": message["id"]}
    assert (message["topic"], message["text"]) == (TOPIC, "It is done.")
    assert message["attributes"] == {"level": "info", "number": "5", "event_id": "op-001/7"}


def test_a_repeated_message_has_the_same_event_id() -> None:
    sandbox = Sandbox()
    sandbox.fault(Fault(kind="lost", call="sns.Publish"))
    with pytest.raises(EffectUnknown):
        publish(sandbox)
    publish(sandbox)
    assert PUBLISH.facts.repeatable is True
    assert [message["attributes"]["event_id"] for message in sandbox.messages] == ["op-001/7"] * 2


def test_a_long_text_is_cut_between_characters() -> None:
    cut = shortened("é" * LARGEST_TEXT)
    assert len(cut.encode()) <= LARGEST_TEXT
    assert cut.startswith("éé")
    assert cut.endswith("(the rest was cut off)")
    assert shortened("short") == "short"


def test_an_empty_text_is_sent_as_a_placeholder() -> None:
    sandbox = Sandbox()
    publish(sandbox, text="")
    assert sandbox.messages[0]["text"] == "(no text)"


def test_a_missing_topic_names_its_setting() -> None:
    with pytest.raises(EffectFailed) as failed:
        publish(Sandbox({"topic/aurora-restore@us-west-2": "missing"}))
    assert (failed.value.problem.name, failed.value.problem.category) == ("NotFound", "not_found")
    assert "topic, from ssm:/aurora/topic" in failed.value.problem.message


def test_moto_accepts_the_message(moto: Moto) -> None:
    sns, sqs = moto.clients("sns"), moto.clients("sqs")
    topic = sns.create_topic(Name="told")["TopicArn"]
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    given = context(clients=moto.clients, key="op-001/7")
    PUBLISH.run({"topic": topic, "subject": "x" * 150, "text": "é"}, given)
    [message] = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "é"
    assert message["MessageAttributes"]["event_id"]["StringValue"] == "op-001/7"
    with pytest.raises(EffectFailed):
        PUBLISH.run({"topic": topic + "-gone", "text": "x"}, given)


def test_a_fifo_topic_gets_group_and_deduplication_ids(moto: Moto) -> None:
    sns = moto.clients("sns")
    topic = sns.create_topic(Name="told.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    done = PUBLISH.run({"topic": topic, "text": "x"}, context(clients=moto.clients, key="op-001/7"))
    assert done["message_id"]
