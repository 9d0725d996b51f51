"""The apps whose wordings weights and thresholds are chosen with; see wordings.py."""

from __future__ import annotations

from wordings import world

CHOSEN_WITH = {
    "building": world(
        """
wall: build a wall; place a wall here
| put up a wall; raise a wall in this spot; construct a wall
roof: add a roof; put a roof on the house
| cover the house with a roof; give the house a roof
door: add a door; insert a door
| I want a door in here; put in a door
paint: paint the house; change the color of the house
| give the house a new color; recolor the house
bigger: make it bigger; enlarge this
| increase its size; this should be larger; grow this object
smaller: make it smaller; shrink this
| reduce its size; it needs to be tinier
turn: rotate the object; turn it around
| spin this thing; swivel the object
copy: duplicate this; make a copy
| clone this object; create another one of these
delete: delete this object; remove it
| get rid of this thing; erase this object; throw this away
undo: undo the last step; undo that
| take back what I just did; revert my last change
grid: show the grid; turn on the grid
| display the grid; let me see the grid lines
hidegrid: hide the grid; turn off the grid
| make the grid disappear; I do not need the grid
save: save my building; save the project
| store my work; keep this project for later
tree: plant a tree; add a tree here
| put a tree in the garden; I would like a tree there
night: make it night; switch to night time
| change the time of day to night; let it get dark
walk: walk mode; let me walk around
| I want to explore on foot; switch to walking
""",
        """
build a bridge
paint the fence
add a window
plant some flowers
show the map
save some money
make it rain
turn on the radio
delete my account
open the project folder
rotate the camera
copy the color
make the wall transparent
how big is the house
where is the door
do not paint the house
I built a wall yesterday
is the roof finished
lock the door
measure the wall
fly mode
what time is it
hide the roof
load the project
share this with my friends
""",
    ),
    "cooking": world(
        """
chop: chop the onions; cut the onions
| slice up the onions; dice those onions
boil: boil the water; bring the water to a boil
| heat the water until it boils; get the water boiling
fry: fry the eggs; cook the eggs in the pan
| make fried eggs; put the eggs into the frying pan
oven: turn on the oven; preheat the oven
| heat up the oven; start the oven please
ovenoff: turn off the oven; switch the oven off
| shut down the oven; stop the oven
stir: stir the soup; mix the soup
| give the soup a stir; keep the soup moving with the spoon
salt: add salt; put in some salt
| season it with salt; sprinkle salt on it
serve: serve the dish; bring out the food
| take the meal to the guests; the plate can go out
recipe: show the recipe; open the recipe book
| let me read the recipe; what does the recipe say
order: next order; show the next order
| what is the following order; give me another order
wash: wash the dishes; clean the plates
| do the washing up; scrub the dishes
plate: get a plate; bring me a plate
| hand me a plate; I need a plate
timer: start the kitchen timer; set a timer
| begin timing; start counting the minutes
taste: taste the soup; try the soup
| sample the soup; let me have a sip of the soup
help: call a helper; ask for help
| get somebody to assist me; I need a hand
quit: close the restaurant; end the day
| shut the restaurant for today; finish the shift
""",
        """
chop the wood
boil the eggs
fry the fish
turn on the light
stir the paint
add sugar
serve the ball
show the menu
cancel the order
wash the car
get a glass
stop the timer
taste the wine
the soup is too hot
I burned the eggs
do not boil the water
open the oven door
open the fridge
who ordered the soup
open the restaurant
peel the potatoes
how much salt is in it
buy some onions
where are the plates
eat the soup
""",
    ),
    "museum": world(
        """
explain: tell me about this painting; explain this picture
| what is this painting about; describe the artwork for me
artist: who painted this; who is the artist
| which painter made this; name the artist of this work
date: when was this made; how old is this
| what year is it from; tell me its age
next: go to the next room; next room
| take me to the following room; continue to the room after this
back: go back to the previous room; previous room
| return to the last room; bring me to the room before
zoom: zoom in; look closer
| magnify it; bring it nearer to my eyes
out: zoom out; step back
| show it from further away; let me see the whole from a distance
tour: start the guided tour; begin the tour
| guide me through the museum; I would like a tour
stoptour: end the tour; stop the guided tour
| quit the tour; I am finished with the tour
audio: play the audio guide; turn on the narration
| read it to me aloud; I want to hear the guide
mute: mute the narration; turn off the audio guide
| silence the guide; stop talking to me
map: show the museum map; open the floor plan
| where am I in the museum; display the plan of the building
sculpture: take me to the sculptures; show me the sculptures
| where are the statues; I want to see the statues
photo: take a photo; take a picture of this
| snap a shot of it; photograph this
favourite: add this to my favorites; remember this piece
| bookmark this work; save it to the ones I like
exit: leave the museum; go to the exit
| get me out of the museum; bring me to the way out
""",
        """
tell me about this museum shop
who owns this painting
how much does it cost
go to the first floor
close the room
paint this wall
the tour was boring
when does the museum close
is there a cafe
play some music
turn on the light
show my photos
take me to the toilets
take me to the dinosaurs
delete this from my favorites
who built the museum
I saw this painting before
do not start the tour
how long is the tour
buy a ticket
step to the left
print the map
what is the artist doing now
touch the sculpture
share the photo
""",
    ),
}
