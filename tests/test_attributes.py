"""index.attributes: what is asked of something, and whether a text tells it."""

from __future__ import annotations

import pytest

from index.attributes import lacks_attribute, lacks_counted


@pytest.mark.parametrize(
    ("question", "tells", "silent"),
    [
        ("How fast do the minibuses drive?", "They reach 40 km/h.", "They carry 500 boxes."),
        ("无人小巴的最高时速是多少？", "They drive 40 kilometres per hour.", "They are green."),
        ("How high is the dam?", "The dam rises 110 metres.", "The dam holds water."),
        ("How many kilometres did they drive?", "It drove 30 km.", "It drove on 30 roads."),
        ("How many employees has it?", "Its 300 workers are young.", "It has 300 cars."),
        ("中国电建有多少员工？", "公司共有员工三百人。", "公司有三百辆汽车。"),
        ("¿Cuántos empleados tiene?", "It employs 300 people.", "It has 300 cars."),
        ("Who founded it?", "It was established in 1999.", "It gave rice in 1999."),
        ("文远知行的创始人是谁？", "Tony Han is its founder.", "It gave rice to a school."),
        ("¿Quién fundó CAMCE?", "Gegründet wurde es 2001.", "It built a plant in 2001."),
        ("Who is the CEO of it?", "Its president spoke.", "Its engineers spoke."),
        ("Who is the CEO of it?", "A director spoke.", "The Prime Minister came to see it."),
        ("它的董事长是谁？", "Its president spoke.", "It answers President Xi's call."),
        ("Quem é o presidente da empresa?", "Its chairman spoke.", "Its engineers spoke."),
        ("من هو المدير التنفيذي لشركة WeRide؟", "The CEO came.", "The robots came."),
        ("Where is its headquarters?", "It is based in Beijing.", "It works in Beijing."),
        ("Wo hat WeRide seinen Sitz?", "Its head office is there.", "It drives there."),
        ("中工国际的电话号码是多少？", "Phone: 010 1234.", "It has 1234 lamps."),
        ("文远知行是哪一年上市的？", "It was listed in 2001.", "It gave rice in 2001."),
        ("How much does the robot weigh?", "It weighs little.", "It costs little."),
    ],
)
def test_a_text_tells_what_is_asked_or_not(question: str, tells: str, silent: str) -> None:
    """By its words and signs, in whatever language it is asked."""
    assert not lacks_attribute(question, tells)
    assert lacks_attribute(question, silent)


@pytest.mark.parametrize(
    "question",
    [
        "What did it give?",
        "为学校做了什么？",
        "How long is the contract?",
        "Is it a great height?",
        "",
    ],
)
def test_other_questions_lack_nothing(question: str) -> None:
    """What asks for none of them is judged by its meaning alone."""
    assert not lacks_attribute(question, "It gave rice.")


def test_what_is_counted_has_to_be_named() -> None:
    """In any form of the word; people and times are counted without being named."""
    assert lacks_counted("How many patents does it hold?", "It holds 30 shares.")
    assert not lacks_counted(
        "How many patents does it hold?", "It was granted 30 patented designs."
    )
    assert not lacks_counted("How many other companies came?", "Thirty came, each a company.")
    assert not lacks_counted("How many people came?", "Thirty engineers came.")
    assert not lacks_counted("Who came?", "Thirty came.")
    assert lacks_counted("¿Cuántas fábricas hay?", "Hay 30 escuelas.")
    assert not lacks_counted("Wie viele Länder sind es?", "Es sind 30 Länder.")
    assert lacks_counted("建了多少座桥梁？", "建了三所学校。")
    assert not lacks_counted("建了多少座桥梁？", "建了三座桥梁。")
