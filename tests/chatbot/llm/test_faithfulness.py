"""faithfulness: a sentence holds only where the quotation it cites says what it says."""

from __future__ import annotations

import pytest

from chatbot.llm.faithfulness import Source, find_fault
from corpus.glossary import Glossary
from index.encoder.encoder import Encoder

WATER = Source(
    "The completion of the Padma Water Plant project significantly improved the quality of "
    "drinking water for local residents, benefiting approximately 3 million people.",
    "CAMCE",
)
CARS = Source(
    "The autonomous vehicles of WeRide were dispatched over 500 times, transferring over 20,000 "
    "supplies weighing over 100 tons in total.",
    "WeRide",
)
SCHOOL = Source(
    "In March 2022, POWERCHINA did not close the school in Kano, and reduced its costs by 30%.",
    "POWERCHINA",
)
SOURCES = (WATER, CARS, SCHOOL)
GLOSSARY = Glossary([("WeRide", "文远知行")])


@pytest.mark.parametrize(
    ("cited", "sentence"),
    [
        (0, "About 3 million people benefit from the Padma Water Plant."),
        (0, "The plant improved the drinking water of local residents, benefiting 3 million."),
        (0, "项目建成后，当地居民的饮用水水质显著改善，约300万人受益。"),
        (0, "El proyecto mejoró el agua potable y benefició a unos tres millones de personas."),
        (1, "WeRide's autonomous vehicles were dispatched over 500 times."),
        (1, "文远知行的无人车出动500多次，运送物资超过2万件，总重超过100吨。"),
        (2, "POWERCHINA did not close the school in Kano in March 2022."),
    ],
)
def test_what_the_quotation_says_holds(real_encoder: Encoder, cited: int, sentence: str) -> None:
    """In another wording or language, with less than the quotation says."""
    assert find_fault(sentence, cited, SOURCES, GLOSSARY, real_encoder) == ""


@pytest.mark.parametrize(
    ("cited", "sentence", "fault"),
    [
        (0, "About 4 million people benefit from the Padma Water Plant.", "number"),
        (0, "项目使约400万人受益，饮用水水质显著改善。", "number"),
        (0, "Over 3 million people benefit from the Padma Water Plant.", "number"),
        (0, "In 2019, the Padma Water Plant benefited 3 million people.", "number"),
        (1, "The vehicles of WeRide moved over 100 kilometres in total.", "number"),
        (1, "The vehicles were dispatched over 20,000 times with over 500 supplies.", "order"),
        (0, "The Huawei Water Plant benefits approximately 3 million people.", "name"),
        (0, "The Padma Water Plant in Dhaka benefits 3 million people.", "name"),
        (0, "项目改善了尼日利亚卡诺州巴基斯坦居民的饮用水，约300万人受益。", "name"),
        (0, "The Padma Water Plant did not improve the quality of drinking water.", "denial"),
        (2, "POWERCHINA closed the school in Kano in March 2022.", "denial"),
        (2, "POWERCHINA did not close the school, and increased its costs by 30%.", "direction"),
        (0, "The residents like to cook rice with vegetables in the evening.", "meaning"),
        (1, "The vehicles are good for the health of old people.", "meaning"),
        (0, "Die Wasserqualität wurde für etwa 3 Millionen Menschen besser.", "language"),
    ],
)
def test_what_it_does_not_say_is_a_fault(
    real_encoder: Encoder, cited: int, sentence: str, fault: str
) -> None:
    """Other numbers, bounds, units, names, denials, directions and subjects are told apart."""
    assert find_fault(sentence, cited, SOURCES, GLOSSARY, real_encoder) == fault


def test_another_quotation_may_not_be_nearer(real_encoder: Encoder) -> None:
    """A sentence that restates the other quotation is not borne by the one it cites."""
    twin = Source(
        "The completion of the Tongi Water Plant project slightly improved the supply of water for "
        "local factories, benefiting approximately 3 million people.",
        "CAMCE",
    )
    sentence = "The project significantly improved the quality of drinking water for residents."
    assert find_fault(sentence, 0, (WATER, twin), GLOSSARY, real_encoder) == ""
    assert find_fault(sentence, 1, (WATER, twin), GLOSSARY, real_encoder) != ""
