"""Tasks that the tiny world knows how to do, each in two short steps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HowTo:
    """A task ("boil an egg") and its two steps, without their full stops."""

    task: str
    steps: tuple[str, str]

    @property
    def item_id(self) -> str:
        """Stable name, e.g. "howto/boil-an-egg"."""
        return f"howto/{self.task.replace(' ', '-')}"

    @property
    def questions(self) -> tuple[str, ...]:
        """The ways of asking, usual one first."""
        return (f"how do I {self.task} ?", f"what is a good way to {self.task} ?")

    @property
    def statement(self) -> str:
        """The task and its steps as a text that answers nobody."""
        return f"to {self.task} , {self.steps[0]} . then {self.steps[1]} ."

    @property
    def entry(self) -> str:
        """The task as a heading, then its steps."""
        return f"how to {self.task} : {self.steps[0]} . then {self.steps[1]} ."

    @property
    def replies(self) -> tuple[str, ...]:
        """The ways of answering; each gives both steps in order."""
        first, second = self.steps
        return (f"{first} . then {second} .", f"first {first} . then {second} .", self.statement)


_TABLE = """boil an egg: put the egg in hot water / wait 9 minutes
make tea: pour hot water on the tea / wait 4 minutes
make coffee: pour hot water on the coffee / add milk
make soup: cut the vegetables / cook them in hot water
make a salad: wash the leaves / add oil and salt
make toast: cut the bread / put it in the oven
make a sandwich: cut the bread / put cheese on it
make juice: cut the fruit / press it in a glass
bake a cake: mix flour and eggs / put it in the oven
bake bread: mix flour and water / put it in the oven
cook rice: wash the rice / cook it in hot water
cook potatoes: wash the potatoes / cook them in hot water
wash a car: fill a bottle with water / use soap and a brush
wash a shirt: put the shirt in water / use soap
clean a window: wash it with water / dry it with paper
clean a floor: use a brush / wash it with water
clean shoes: use a brush / dry them in the sun
paint a wall: clean the wall / use a brush and paint
paint a door: clean the door / use a brush and paint
paint a picture: take paper and a brush / start with the sky
fix a bike: find the hole / put glue on it
fix a lamp: turn off the lamp / change the bulb
fix a chair: put glue on the leg / wait one day
fix a tent: find the hole / put glue on it
plant a tree: dig a hole / put the tree in it
plant a rose: dig a hole / put the rose in it
grow tomatoes: put the seeds in sand / add water every day
grow corn: put the seeds in the garden / add water every day
feed a cat: fill a bowl with fish / put it on the floor
feed birds: take some seeds / put them in the garden
train a dog: say the word / give the dog food
write a letter: take paper and a pen / start with a name
write a story: think of a name / write one page every day
send a letter: write the name on it / give it to the postman
learn a language: learn 10 words every day / talk to people
learn a song: listen to the song / sing it every day
play the piano: learn one song / play it every day
draw a face: draw a ring / add eyes and hair
draw a house: draw a box / add windows and a door
make a kite: tie paper to wood / run with it
make a paper plane: fold the paper / throw it far
catch a fish: put bread in the water / wait one hour
pack a bag: fold the clothes / put them in the bag
take a photo: hold the phone / press the button
call a friend: take the phone / press the number
find a book: go to the library / ask for help
sleep well: turn off the lamp / go to bed early
stop a cold: stay in bed / drink hot tea
build a snowman: make a ball of snow / add eyes and a carrot
sell a bike: clean the bike / write a price on it
sell a car: clean the car / write a price on it
sell a lamp: clean the lamp / write a price on it
cook carrots: wash the carrots / cook them in hot water
cook corn: wash the corn / cook it in hot water
cook fish: clean the fish / put it in the oven
make hot milk: pour milk in a bottle / put it in hot water
plant a tulip: dig a hole / put the tulip in it
plant a daisy: dig a hole / put the daisy in it
plant an oak: dig a hole / put the oak in it
grow carrots: put the seeds in sand / add water every day
wash a dog: fill a box with water / use soap and a brush
wash a sweater: put the sweater in water / use soap
clean a table: wash it with water / dry it with paper
clean a lamp: turn off the lamp / dry it with paper
clean a bottle: fill it with hot water / use a brush
paint a chair: clean the chair / use a brush and paint
paint a house: clean the walls / use a brush and paint
fix a bottle: find the hole / put glue on it
fix a table: put glue on the leg / wait one day
feed a dog: fill a bowl with bones / put it on the floor
feed a hen: fill a bowl with corn / put it in the garden
feed a horse: fill a box with hay / put it in the stable
train a horse: say the word / give the horse hay
catch a mouse: put cheese in a box / wait one hour
draw a cat: draw a ring / add eyes and ears
draw a tree: draw a box / add leaves
play the violin: learn one song / play it every day
play the drum: listen to the song / play it every day
learn chess: learn one game / play it every day
write a book: think of a name / write one page every day
call a doctor: take the phone / press the number
pack a box: fold the paper / put it in the box
find a song: go to the library / listen to songs
make a ball: fold the paper / tie it"""


def _build() -> tuple[HowTo, ...]:
    built = []
    for line in _TABLE.splitlines():
        task, steps = line.split(": ")
        first, second = steps.split(" / ")
        built.append(HowTo(task, (first, second)))
    return tuple(built)


HOWTOS: tuple[HowTo, ...] = _build()
